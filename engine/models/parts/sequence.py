"""Data as a sequence: (n, steps, width)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from descend.datasets.data_shape import DataShape


class Rows(nn.Module):
    """Images (n, channels, height, width) → (n, height, channels · width): a row of pixels at each step."""

    def forward(self, images: Tensor) -> Tensor:
        return images.transpose(1, 2).flatten(2)


class Columns(nn.Module):
    """Tables (n, features) → (n, features, 1): one number at each step."""

    def forward(self, table: Tensor) -> Tensor:
        return table.unsqueeze(-1)


class OneHot(nn.Module):
    """Indices (n, t) → (n, t, size): 1 at the index, 0 elsewhere."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, tokens: Tensor) -> Tensor:
        return functional.one_hot(tokens, self.size).float()

    def extra_repr(self) -> str:
        return str(self.size)


def make_reader(shape: DataShape, embedding: int) -> tuple[nn.Module, int]:
    """A module that reads such data as a sequence, and the width of its steps.

    A character becomes ``embedding`` numbers that are learned, or a one-hot vector if that is 0.
    """
    if shape.kind == "text":
        size = shape.vocabulary
        return (nn.Embedding(size, embedding), embedding) if embedding else (OneHot(size), size)
    if shape.kind == "table":
        return Columns(), 1
    channels, _, width = shape.size
    return Rows(), channels * width
