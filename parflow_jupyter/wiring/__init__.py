"""Connects the cores, which never import each other, and asks a person where one can answer."""
