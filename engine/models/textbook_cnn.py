"""Textbook CNN

The network of a hundred drawings: 5 × 5 convolutions without padding, each followed by a 2 × 2 maximum, until a small
deep block is left, and one dense layer on it.

    32 × 32 × 3 → 28 × 28 × 32 → 14 × 14 × 32
      → 10 × 10 × 64 → 5 × 5 × 64 = 1,600 → 10
    convolution 1     5·5·3·32 + 32 =  2,432
    convolution 2    5·5·32·64 + 64 = 51,264
    dense             1,600·10 + 10 = 16,010
    together                          69,706
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    filters: int = knob(32, 1, 256, scale="log", help="filters of the first convolution; the second has twice as many")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    left = [((side - 4) // 2 - 4) // 2 for side in (height, width)]
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, k.filters, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(k.filters, 2 * k.filters, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense=nn.Linear(2 * k.filters * left[0] * left[1], shape.outputs),
        )
    )


MODEL = Model(
    family="cnn",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=69_706,
    parts=("conv1", "conv2", "dense"),
    min_side=16,
    because="its filters look at neighbouring pixels",
)
