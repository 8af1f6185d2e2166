"""GRU

The gated recurrent unit: two gates instead of the LSTM's three and no separate cell, so three quarters of its
parameters. Which of the two is more accurate depends on the task.

    r, z = σ(W·x + U·h + b)       each with weights of its own
    n = tanh(W·x + r·(U·h + b))
    h ← (1 − z)·n + z·h

Images are read row by row; for text without classes it predicts the next character at every step.

    inputs d, states h          3·(h·(d + h) + 2·h)
    28 rows of 28, 128 states   60,672
    dense                       128·10 + 10 = 1,290
    together                    61,962
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    hidden: int = knob(128, 1, 2048, scale="log", help="numbers in the state")
    layers: int = knob(1, 1, 8, help="layers, each reading the states of the one below")
    bidirectional: bool = knob(False, help="a second network reads from the end; not for predicting what comes next")
    embedding: int = knob(32, 0, 512, help="numbers learned for each character of text; 0: one-hot")
    dropout: float = knob(0.0, 0.0, 0.9, help="between layers and before the scores, while training")


def build(k, shape):
    from descend.engine.models.parts.recurrent import Recurrent

    return Recurrent("GRU", k, shape)


MODEL = Model(
    family="rnn",
    build=build,
    knobs=Knobs,
    kinds=("image", "text"),
    tasks=("classification", "labels", "regression", "language"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=61_962,
    because="it reads sequences, and the columns of a table have no order",
    sources=("K. Cho et al., Learning Phrase Representations using RNN Encoder–Decoder, 2014",),
)
