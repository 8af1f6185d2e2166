"""LeNet-5

The network that read cheques in the 1990s: 5 × 5 convolutions, averages over 2 × 2, tanh, and three dense layers. The
images get a border of 2, as the 28 × 28 digits did.

    28 × 28 × 1 → 28 × 28 × 6 → 14 × 14 × 6
      → 10 × 10 × 16 → 5 × 5 × 16 = 400 → 120 → 84 → 10
    convolution 1       5·5·1·6 + 6 =    156
    convolution 2     5·5·6·16 + 16 =  2,416
    dense 1           400·120 + 120 = 48,120
    dense 2             120·84 + 84 = 10,164
    dense 3              84·10 + 10 =    850
    together                          61,706

The original joined only some channels in the second convolution and ended in distances to drawn digits; here, as is
usual now, all channels are joined and the scores are a dense layer.
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    activation: str = knob("tanh", choices=("tanh", "relu"), help="after each layer but the last")
    pooling: str = knob("average", choices=("average", "maximum"), help="what is kept of each 2 × 2 pixels")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    activation = {"tanh": nn.Tanh, "relu": nn.ReLU}[k.activation]
    pool = {"average": nn.AvgPool2d, "maximum": nn.MaxPool2d}[k.pooling]
    left = [(side // 2 - 4) // 2 for side in (height, width)]
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 6, 5, padding=2),
            act1=activation(),
            pool1=pool(2),
            conv2=nn.Conv2d(6, 16, 5),
            act2=activation(),
            pool2=pool(2),
            flatten=nn.Flatten(),
            dense1=nn.Linear(16 * left[0] * left[1], 120),
            act3=activation(),
            dense2=nn.Linear(120, 84),
            act4=activation(),
            dense3=nn.Linear(84, shape.outputs),
        )
    )


MODEL = Model(
    family="cnn",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=61_706,
    parts=("conv1", "conv2", "dense1", "dense2", "dense3"),
    min_side=12,
    because="its filters look at neighbouring pixels",
    sources=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, 1998",
    ),
)
