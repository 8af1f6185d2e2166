"""LSTM

Long short-term memory: besides its state a cell that is added to, not overwritten. Three gates between 0 and 1 decide
what is forgotten, what is written and what is read, so a gradient can travel back over many steps.

    f, i, o = σ(W·x + U·h + b)    each with weights of its own
    c ← f·c + i·tanh(W·x + U·h + b)
    h ← o·tanh(c)

How far it travels depends on the forget gate: at 50 steps hardly anything is left with the usual random start, a great
deal if the forget gates start open (forget_bias 1 to 3). Images are read row by row; for text without classes it
predicts the next character at every step.

    inputs d, states h          4·(h·(d + h) + 2·h)
    28 rows of 28, 128 states   80,896
    dense                       128·10 + 10 = 1,290
    together                    82,186
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    hidden: int = knob(128, 1, 2048, scale="log", help="numbers in the state")
    layers: int = knob(1, 1, 8, help="layers, each reading the states of the one below")
    bidirectional: bool = knob(False, help="a second network reads from the end; not for predicting what comes next")
    embedding: int = knob(32, 0, 512, help="numbers learned for each character of text; 0: one-hot")
    dropout: float = knob(0.0, 0.0, 0.9, help="between layers and before the scores, while training")
    forget_bias: float = knob(0.0, 0.0, 5.0, help="added to the bias of the forget gates at the start")


def build(k, shape):
    from descend.engine.models.parts.recurrent import Recurrent, open_forget_gates

    net = Recurrent("LSTM", k, shape)
    open_forget_gates(net.rnn, k.forget_bias)
    return net


MODEL = Model(
    family="rnn",
    build=build,
    knobs=Knobs,
    kinds=("image", "text"),
    tasks=("classification", "labels", "regression", "language"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=82_186,
    because="it reads sequences, and the columns of a table have no order",
    sources=(
        "S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, 1997",
        "R. Jozefowicz, W. Zaremba, I. Sutskever, An Empirical Exploration of Recurrent Network Architectures, 2015",
    ),
)
