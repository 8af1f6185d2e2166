"""Small GPT

A transformer that writes: at every place it predicts the next character from that place and those before, never from
those after. A mask in its attention sees to that, so that one pass learns from every place at once.

As in GPT-2, each block normalises before it computes, weights start small (std 0.02, smaller where blocks add to
their input), and the table that turns characters into vectors also turns vectors into scores: the two are one matrix
(tied), which saves parameters and lets either use teach the other.

    v characters, context t, width w, layers L
    characters    v·w                           4,864
    places        t·w                           8,192
    blocks        L·(12·w² + 13·w)            396,544
    norm          2·w                             256
    together      v = 38, t = 64, w = 128, L = 2   409,856
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    width: int = knob(128, 8, 1024, scale="log", help="numbers at each place; a multiple of heads")
    heads: int = knob(4, choices=(1, 2, 4, 8, 16), help="patterns of attention in each block")
    layers: int = knob(2, 1, 24, help="blocks")
    context: int = knob(64, 8, 4096, scale="log", help="characters it sees at once")
    dropout: float = knob(0.1, 0.0, 0.9, help="in attention and after each part of a block, while training")


def build(k, shape):
    from torch import nn

    from descend.engine.models.parts.attention import Positions, stack_blocks

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = stack_blocks(k, causal=True)
            self.context = k.context
            self.characters = nn.Embedding(shape.vocabulary, k.width)
            self.positions = Positions(k.context, k.width)
            self.dropout = nn.Dropout(k.dropout)
            self.norm = nn.LayerNorm(k.width)
            self.head = nn.Linear(k.width, shape.vocabulary, bias=False)
            self.head.weight = self.characters.weight
            for name, parameter in self.named_parameters():
                if parameter.dim() == 2:
                    adds = name.endswith(("outward.weight", "dense2.weight"))
                    nn.init.normal_(parameter, std=0.02 / (2 * k.layers) ** 0.5 if adds else 0.02)
                elif name.endswith("bias"):
                    nn.init.zeros_(parameter)

        def forward(self, tokens):
            places = self.dropout(self.positions(self.characters(tokens)))
            return self.head(self.norm(self.blocks(places)))

    return GPT()


MODEL = Model(
    family="transformer",
    build=build,
    knobs=Knobs,
    kinds=("text",),
    tasks=("language",),
    reference=DataShape("text", (), "language", 38, 38),
    parameters=409_856,
    parts=("blocks", "characters", "positions", "norm", "head"),
    because="it predicts the next character",
    sources=(
        "A. Radford et al., Language Models are Unsupervised Multitask Learners, 2019",
        "O. Press, L. Wolf, Using the Output Embedding to Improve Language Models, 2017",
    ),
)
