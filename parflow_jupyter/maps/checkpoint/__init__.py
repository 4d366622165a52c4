"""What of a run is kept: looked up before items run, written down as they end."""
