"""Kept results: the folder, its database, what goes first, and the list of checkpoints."""
