"""Tests that run for every registered record type, so that a new type brings its own."""
