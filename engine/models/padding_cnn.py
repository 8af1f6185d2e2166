"""Padding CNN

Two convolutions of 3 × 3, the first with a border of zeros, so that it keeps height and width, the second without, so
that it takes 2 off each. The dense layer has to fit what comes out: 12 × 12, not 13 × 13.

    28 × 28 × 1 → 28 × 28 × 16 → 14 × 14 × 16 → 12 × 12 × 32 = 4,608 → 10
    convolution 1     3·3·1·16 + 16 =    160
    convolution 2    3·3·16·32 + 32 =  4,640
    dense             4,608·10 + 10 = 46,090
    together                          50,890
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    filters: int = knob(16, 1, 256, scale="log", help="filters of the first convolution; the second has twice as many")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    flat = 2 * k.filters * (height // 2 - 2) * (width // 2 - 2)
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, k.filters, 3, padding=1),
            relu1=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            conv2=nn.Conv2d(k.filters, 2 * k.filters, 3),
            relu2=nn.ReLU(),
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
    parameters=50_890,
    parts=("conv1", "conv2", "dense"),
    min_side=6,
    because="its filters look at neighbouring pixels",
)
