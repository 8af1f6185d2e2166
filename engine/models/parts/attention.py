"""Transformer blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from descend.engine.base.errors import UsageError


class ScaledDotProduct(nn.Module):
    """softmax(Q·Kᵀ / √d)·V for queries, keys and values (n, heads, t, d); causal: each place sees itself and before."""

    def __init__(self, causal: bool, dropout: float) -> None:
        super().__init__()
        self.causal, self.dropout = causal, dropout

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        return functional.scaled_dot_product_attention(queries, keys, values, is_causal=self.causal, dropout_p=dropout)

    def extra_repr(self) -> str:
        return f"causal={self.causal}"


class SelfAttention(nn.Module):
    """Every place of (n, t, width) gathers from the others, with ``heads`` patterns at once."""

    def __init__(self, width: int, heads: int, causal: bool, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.inward = nn.Linear(width, 3 * width)  # queries, keys and values in one product
        self.attend = ScaledDotProduct(causal, dropout)
        self.outward = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        split = self.inward(x).unflatten(-1, (3, self.heads, -1))  # (n, t, 3, heads, width / heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        return self.outward(self.attend(queries, keys, values).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention, then two dense layers at each place; each normalised before and added to its input (pre-norm)."""

    def __init__(self, width: int, heads: int, causal: bool, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, causal, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.dense1 = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.dense2 = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.dense2(self.gelu(self.dense1(self.norm2(x)))))


class Positions(nn.Module):
    """Adds to each of at most ``longest`` places of (n, t, width) a vector that is learned for that place."""

    def __init__(self, longest: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(longest, width)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] > self.table.num_embeddings:
            raise ValueError(
                f"the model reads at most {self.table.num_embeddings} places at once, not {x.shape[1]}; set context"
            )
        return x + self.table(torch.arange(x.shape[1], device=x.device))


def stack_blocks(k: Any, causal: bool) -> nn.Sequential:
    """Blocks as the knobs width, heads, layers and dropout say.

    Raises:
        UsageError: the width cannot be divided evenly among the heads.
    """
    if k.width % k.heads:
        raise UsageError(f"width must be a multiple of heads: {k.width} cannot be shared out among {k.heads}.")
    return nn.Sequential(*(Block(k.width, k.heads, causal, k.dropout) for _ in range(k.layers)))
