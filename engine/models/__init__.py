"""The zoo: one file a model, each with its number of parameters; ``descend.engine.model`` finds them."""
