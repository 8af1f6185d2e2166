"""torch.compile, where it works."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

from descend.engine.train.evaluation import find_scores
from descend.engine.train.kept import keep_buffers
from descend.engine.train.own_model import find_first_line

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer


def compile_model(session: Trainer) -> Any:
    """The model compiled for this process's share of a batch; as it is, with a note, if that fails."""
    net = torch.compile(session.net)
    x, _ = session.train_set.first(-(-session.batch_size // session.team.size))
    try:
        with torch.random.fork_rng([x.device.index] if x.is_cuda else []), keep_buffers(session.net):
            with session.precision.autocast():
                output = find_scores(net(x.clone()))
            output.float().mean().backward()
        return net
    except Exception as error:
        session.lab.note(f"torch.compile failed ({find_first_line(error)}), so the model runs as it is.")
        with suppress(Exception):
            torch.compiler.reset()
        return session.net
    finally:
        session.net.zero_grad()
