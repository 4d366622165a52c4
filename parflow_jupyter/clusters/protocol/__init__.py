"""What a supervisor and those who ask it say to each other, as plain data."""
