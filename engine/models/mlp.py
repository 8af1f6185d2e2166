"""MLP

The multi-layer perceptron: every input is wired to every unit of a hidden layer, and those to the scores. It knows
nothing of which pixels are neighbours, and works for images and tables alike.

    d → h → k             d·h + h + h·k + k parameters
    784 → 128 → 10        101,770
    each further layer    h·h + h more
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    hidden: int = knob(128, 1, 4096, scale="log", help="units in each hidden layer")
    layers: int = knob(1, 1, 8, help="hidden layers")
    activation: str = knob("relu", choices=("relu", "gelu", "tanh", "sigmoid"), help="after each hidden layer")
    dropout: float = knob(0.0, 0.0, 0.9, help="share of hidden units left out at random while training")


def build(k, shape):
    from math import prod

    from torch import nn

    activation = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[k.activation]
    net, width = nn.Sequential(nn.Flatten()), prod(shape.size)
    for _ in range(k.layers):
        net.extend([nn.Linear(width, k.hidden), activation()])
        if k.dropout:
            net.append(nn.Dropout(k.dropout))
        width = k.hidden
    return net.append(nn.Linear(width, shape.outputs))


MODEL = Model(
    family="mlp",
    build=build,
    knobs=Knobs,
    kinds=("image", "table"),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=101_770,
    because="it has a weight for each pixel or column, and text has any length",
    sources=(
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating errors, 1986",
    ),
)
