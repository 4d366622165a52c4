"""How functions, items and results travel to slots in other processes."""
