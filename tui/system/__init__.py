"""How busy this machine is, and the worker of a run on it."""
