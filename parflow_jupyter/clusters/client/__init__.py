"""What one process does with its clusters: each call asks a supervisor, with a deadline."""
