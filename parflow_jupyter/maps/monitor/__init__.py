"""How a run goes: told to listeners, to the history, and on the screen."""
