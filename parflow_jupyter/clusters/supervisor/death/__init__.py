"""How the end of a process is noticed, and what follows from it: docs/engine-death.md."""
