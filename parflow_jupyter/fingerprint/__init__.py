"""What code and values are made of: keys that are the same in every process."""
