"""The supervisor's link to its controller."""
