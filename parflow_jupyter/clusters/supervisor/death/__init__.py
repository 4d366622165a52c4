"""How the end of a process is noticed: docs/engine-death.md. What is done about it: control/."""
