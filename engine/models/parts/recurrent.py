"""Recurrent networks of any cell."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError
from descend.engine.models.parts.sequence import make_reader


class Recurrent(nn.Module):
    """Layers of a recurrent cell over a sequence, and a dense layer on its states.

    A language model gives logits at every step, from the state there. Everything else is read off the final states of
    the last layer: after the last step, and in a bidirectional network also the backward state after the first
    step, which has seen the whole sequence too. All sequences of a batch are of one length; nothing is padded.

    Args:
        cell: RNN, LSTM or GRU.
        k: knobs hidden, layers, dropout, embedding and, unless it reads in one direction only, bidirectional.
        shape: the data.

    Raises:
        UsageError: a bidirectional network should predict the next character, which its backward half has read.
    """

    def __init__(self, cell: str, k: Any, shape: DataShape) -> None:
        super().__init__()
        self.every_step = shape.task == "language"
        both = getattr(k, "bidirectional", False)
        if both and self.every_step:
            raise UsageError("A bidirectional network has read the next character already; set bidirectional=no.")
        self.directions = 2 if both else 1
        self.reader, width = make_reader(shape, k.embedding)
        self.rnn = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}[cell](
            width,
            k.hidden,
            k.layers,
            batch_first=True,
            dropout=k.dropout if k.layers > 1 else 0.0,
            bidirectional=both,
        )
        self.dropout = nn.Dropout(k.dropout)
        self.head = nn.Linear(self.directions * k.hidden, shape.outputs)

    def forward(self, x: Tensor) -> Tensor:
        states, last = self.rnn(self.reader(x))
        if not self.every_step:
            hidden = last[0] if isinstance(last, tuple) else last  # an LSTM returns its cell too
            states = hidden[-self.directions :].transpose(0, 1).flatten(1)
        return self.head(self.dropout(states))


@torch.no_grad()
def open_forget_gates(lstm: nn.LSTM, bias: float) -> None:
    """Add ``bias`` to the forget gates' bias, so that the cell keeps what it holds until it learns to forget."""
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_ih"):
            parameter[lstm.hidden_size : 2 * lstm.hidden_size] += bias  # gates in the order input, forget, cell, output
