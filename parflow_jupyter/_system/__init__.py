"""What the operating system and Python tell, each fact in one place."""
