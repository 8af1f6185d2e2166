"""How a model learns from data: settings, batches, objective, optimiser, schedule, loop; and models of one's own."""
