"""Undo a change set: restore what it deleted, change back what it changed, delete what it created."""
