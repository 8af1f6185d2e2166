"""Batch-norm and dropout CNN

A convolution whose outputs are normalised over the batch, and two dense layers with dropout between them. Both behave
differently in training and in evaluation: batch norm uses its running mean then, dropout does nothing.

    28 × 28 × 1 → 28 × 28 × 32 → 14 × 14 × 32 = 6,272 → 128 → 10
    convolution    3·3·1·32 + 32 =     320
    batch norm              2·32 =      64
    dense 1      6,272·128 + 128 = 802,944
    dense 2          128·10 + 10 =   1,290
    together                       804,618

99.8 % of the parameters sit in one dense layer. The bias of the convolution is without effect, since batch norm takes
the mean away again; it is counted all the same.
"""

from collections import OrderedDict

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    filters: int = knob(32, 1, 512, scale="log", help="filters of the convolution")
    hidden: int = knob(128, 1, 4096, scale="log", help="units in the hidden dense layer")
    dropout: float = knob(0.5, 0.0, 0.9, help="share of hidden units left out at random while training")


def build(k, shape):
    from torch import nn

    channels, height, width = shape.size
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, k.filters, 3, padding=1),
            norm=nn.BatchNorm2d(k.filters),
            relu1=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense1=nn.Linear(k.filters * (height // 2) * (width // 2), k.hidden),
            relu2=nn.ReLU(),
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
    parameters=804_618,
    parts=("conv", "norm", "dense1", "dense2"),
    min_side=2,
    because="its filters look at neighbouring pixels",
    sources=(
        "S. Ioffe, C. Szegedy, Batch Normalization, 2015",
        "N. Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014",
    ),
)
