"""The models that the two Django peers share."""
