"""Autoencoder

A network that learns to repeat its input through a narrow middle: the encoder squeezes it into a short code, the
decoder makes the input again from the code. Classes play no part.

The code is linear, so that a code of two numbers is a map. Pixels come out of a sigmoid, between 0 and 1 as they went
in; columns of a table come out as they are. With hidden = 0 a table's code spans the same space as its first
principal components.

    d → c → d    d·c + c + c·d + d parameters
    784 → 32 → 784    50,992
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    code: int = knob(32, 1, 1024, scale="log", help="numbers in the bottleneck")
    hidden: int = knob(0, 0, 4096, help="units of a further layer on either side of it; 0: none")


def build(k, shape):
    from math import prod

    from torch import nn

    class Autoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            size = prod(shape.size)
            if k.hidden:
                inward = [nn.Linear(size, k.hidden), nn.ReLU(), nn.Linear(k.hidden, k.code)]
                outward = [nn.Linear(k.code, k.hidden), nn.ReLU(), nn.Linear(k.hidden, size)]
            else:
                inward, outward = [nn.Linear(size, k.code)], [nn.Linear(k.code, size)]
            if shape.kind == "image":
                outward += [nn.Sigmoid(), nn.Unflatten(1, shape.size)]
            self.encoder = nn.Sequential(nn.Flatten(), *inward)
            self.decoder = nn.Sequential(*outward)

        def forward(self, x):
            return self.decoder(self.encoder(x))

    return Autoencoder()


MODEL = Model(
    family="autoencoder",
    build=build,
    knobs=Knobs,
    kinds=("image", "table"),
    tasks=("reconstruction",),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=50_992,
    parts=("encoder", "decoder"),
    because="it reproduces numbers, and characters are not numbers",
    sources=("G. E. Hinton, R. R. Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, 2006",),
)
