"""Vanilla RNN

The plain recurrent network: its state is a vector, at every step the tanh of a weighted sum of the input and the state
before, h ← tanh(W·x + U·h + b). It reads text character by character and an image row by row.

Its gradient shrinks with every step back in time, so it hardly learns from what lies more than ten or twenty steps
back; LSTM and GRU are the answers to that. For text without classes it predicts the next character at every step.

    cell, inputs d, states h    h·(d + h) + 2·h     (torch has two bias vectors)
    28 rows of 28, 128 states   20,224
    dense                       128·10 + 10 = 1,290
    together                    21,514
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

    return Recurrent("RNN", k, shape)


MODEL = Model(
    family="rnn",
    build=build,
    knobs=Knobs,
    kinds=("image", "text"),
    tasks=("classification", "labels", "regression", "language"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=21_514,
    because="it reads sequences, and the columns of a table have no order",
    sources=("J. L. Elman, Finding Structure in Time, 1990",),
)
