"""Buttons that a cell's output shows."""
