"""How a model learns from data: knobs, batches, objective, optimiser, schedule, loop; and the user's own models."""
