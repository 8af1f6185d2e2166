"""SimpleCNN

The smallest convolutional network: 32 filters of 3 × 3, ReLU, a 2 × 2 maximum, and one dense layer on what is left.
Ninety-nine of a hundred parameters sit in the dense layer.

    28 × 28 × 1 → 26 × 26 × 32 → 13 × 13 × 32 = 5,408 → 10
    convolution    3·3·1·32 + 32 =    320
    dense          5,408·10 + 10 = 54,090
    together                       54,410

Without padding a 3 × 3 convolution takes 2 off height and width; the maximum halves them, rounding down.
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    filters: int = knob(32, 1, 512, scale="log", help="filters of the convolution")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    flat = k.filters * ((height - 2) // 2) * ((width - 2) // 2)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, k.filters, 3),
            relu=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense=nn.Linear(flat, shape.outputs),
        )
    )


MODEL = Model(
    family="cnn",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=54_410,
    parts=("conv", "dense"),
    min_side=4,
    because="its filters look at neighbouring pixels",
)
