"""What clusters leave on disk: profiles, connection files, logs, and notes of their owners."""
