"""What a process does to become a controller, an engine, or their fork server."""
