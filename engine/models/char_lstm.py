"""Character LSTM

A language model: two layers of LSTM read a text character by character and give, at every place, a score to each
character that might come next. Sampling from the scores writes new text.

    v characters, embedding e, states h
    embedding    v·e                          38·32 =   1,216
    layer 1      4·(h·(e + h) + 2·h)                   82,944
    layer 2      4·(h·2·h + 2·h)                      132,096
    dense        h·v + v                                4,902
    together     for 38 characters                    221,158
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    hidden: int = knob(128, 1, 2048, scale="log", help="numbers in the state")
    layers: int = knob(2, 1, 8, help="layers, each reading the states of the one below")
    embedding: int = knob(32, 0, 512, help="numbers learned for each character; 0: one-hot")
    dropout: float = knob(0.0, 0.0, 0.9, help="between layers and before the scores, while training")


def build(k, shape):
    from descend.engine.models.parts.recurrent import Recurrent

    return Recurrent("LSTM", k, shape)


MODEL = Model(
    family="rnn",
    build=build,
    knobs=Knobs,
    kinds=("text",),
    tasks=("language",),
    reference=DataShape("text", (), "language", 38, 38),
    parameters=221_158,
    because="it predicts the next character",
    sources=("A. Graves, Generating Sequences With Recurrent Neural Networks, 2013",),
)
