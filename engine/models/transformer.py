"""Transformer classifier

A transformer encoder: every place of a sequence looks at all the others and gathers from those whose keys match its
query. The mean over all places is classified.

The places are the rows of an image, the characters of a text, or the columns of a table. A vector learned for each
place tells it where it stands; without it the order of the places would not matter.

    steps of width d, t places, width w, layers L, classes k
    reading    d·w + w         (text: vocabulary·w)    1,856
    places     t·w                                     1,792
    blocks     L·(12·w² + 13·w)                       99,968
    norm       2·w                                       128
    dense      w·k + k                                   650
    together   28 rows of 28, w = 64, L = 2, k = 10  104,394
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    width: int = knob(64, 8, 1024, scale="log", help="numbers at each place; a multiple of heads")
    heads: int = knob(4, choices=(1, 2, 4, 8, 16), help="patterns of attention in each block")
    layers: int = knob(2, 1, 24, help="blocks")
    context: int = knob(256, 8, 4096, scale="log", help="characters of the longest text; images and tables set it")
    dropout: float = knob(0.1, 0.0, 0.9, help="in attention and after each part of a block, while training")


def build(k, shape):
    from torch import nn

    from descend.engine.models.parts.attention import Positions, stack_blocks
    from descend.engine.models.parts.sequence import make_reader

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = stack_blocks(k, causal=False)
            self.reader, width = make_reader(shape, k.width)
            self.widen = nn.Identity() if shape.kind == "text" else nn.Linear(width, k.width)
            self.context = {"image": shape.size[1:2], "table": shape.size, "text": (k.context,)}[shape.kind][0]
            self.positions = Positions(self.context, k.width)
            self.norm = nn.LayerNorm(k.width)
            self.head = nn.Linear(k.width, shape.outputs)

        def forward(self, x):
            places = self.positions(self.widen(self.reader(x)))
            return self.head(self.norm(self.blocks(places)).mean(1))

    return Classifier()


MODEL = Model(
    family="transformer",
    build=build,
    knobs=Knobs,
    kinds=("image", "table", "text"),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=104_394,
    sources=(
        "A. Vaswani et al., Attention Is All You Need, 2017",
        "Y. Gorishniy et al., Revisiting Deep Learning Models for Tabular Data, 2021",
    ),
)
