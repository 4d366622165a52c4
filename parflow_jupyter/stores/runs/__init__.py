"""The history of runs, and how a person reads it."""
