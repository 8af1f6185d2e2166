"""The zoo: one file a model, each with its number of parameters; ``descend.engine.train.model_form`` finds them."""
