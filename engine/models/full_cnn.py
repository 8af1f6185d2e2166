"""FullCNN

Two rounds of convolution and maximum, then two dense layers: the pattern of most small image classifiers.

    28 × 28 × 1 → 28 × 28 × 32 → 14 × 14 × 32
      → 14 × 14 × 64 → 7 × 7 × 64 = 3,136 → 128 → 10
    convolution 1     3·3·1·32 + 32 =     320
    convolution 2    3·3·32·64 + 64 =  18,496
    dense 1         3,136·128 + 128 = 401,536
    dense 2             128·10 + 10 =   1,290
    together                          421,642
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    filters: int = knob(32, 1, 256, scale="log", help="filters of the first convolution; the second has twice as many")
    hidden: int = knob(128, 1, 4096, scale="log", help="units in the hidden dense layer")
    dropout: float = knob(0.0, 0.0, 0.9, help="share of hidden units left out at random while training")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, k.filters, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(k.filters, 2 * k.filters, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense1=nn.Linear(2 * k.filters * (height // 4) * (width // 4), k.hidden),
            relu3=nn.ReLU(),
            dropout=nn.Dropout(k.dropout),
            dense2=nn.Linear(k.hidden, shape.outputs),
        )
    )


MODEL = Model(
    family="cnn",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=421_642,
    parts=("conv1", "conv2", "dense1", "dense2"),
    min_side=4,
    because="its filters look at neighbouring pixels",
)
