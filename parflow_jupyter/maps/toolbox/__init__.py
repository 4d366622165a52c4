"""The toolbox: which schemes there are to choose from, their settings, and which one runs a map."""
