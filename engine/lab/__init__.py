"""The experiment's side of a run: what a training loop says, and how that reaches the run folder. With torch."""
