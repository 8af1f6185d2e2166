"""Models that switch themselves, keep layers in generators or classes, grow, or would lose their state are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.train.trained import done, failed, notes, written

HEAD = """
import random
from collections import deque
import numpy as np

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 6), nn.Linear(6, 3)
        self.also()
    def also(self): pass
    def forward(self, x): return self.b(torch.relu(self.a(x)))
"""


def net(folder: Path, code: str) -> str:
    """The address of a model with that code."""
    return f"{written(folder, HEAD + code)}:Net"


def made(code: str) -> str:
    """A class with that code."""
    return f"class Net(Two):\n{code}"


WARNED = {
    "to evaluation": (
        " def also(s): s.d, s.n = nn.Dropout(0.5), nn.BatchNorm1d(6)\n"
        " def forward(s, x):\n  s.eval()\n  return s.b(s.n(s.d(s.a(x))))\n",
        "forward switches d (Dropout) and n (BatchNorm1d) to evaluation mode in training too",
    ),
    "to training": (
        " def also(s): s.n = nn.BatchNorm1d(6)\n def forward(s, x):\n  s.n.train()\n  return s.b(s.n(s.a(x)))\n",
        "forward switches n (BatchNorm1d) to training mode in evaluation too",
    ),
    "a generator": (
        " def also(s): s.l = (nn.Linear(6, 6) for _ in range(2))\n"
        " def forward(s, x):\n  x = s.a(x)\n  for l in s.l: x = l(x)\n  return s.b(x)\n",
        "l can be iterated over only once, and is empty",
    ),
    "a map": (
        " def also(s): s.l = map(lambda _: nn.Linear(6, 6), range(2))\n"
        " def forward(s, x):\n  x = s.a(x)\n  for l in s.l: x = l(x)\n  return s.b(x)\n",
        "l can be iterated over only once, and is empty",
    ),
    "of the class": (
        " mid = nn.Linear(6, 6)\n def forward(s, x): return s.b(s.mid(s.a(x)))\n",
        "not part of the model: Net.mid (Linear)",
    ),
    "a deque": (
        " def also(s): s.l = deque([nn.Linear(6, 6)])\n def forward(s, x): return s.b(s.l[0](s.a(x)))\n",
        "l.0 (Linear), kept in a plain list",
    ),
    "a draw of Python's": (
        " def forward(s, x): return s.b(s.a(x) * random.random())\n",
        "the model draws at random in evaluation too",
    ),
    "a draw of NumPy's": (
        " def forward(s, x): return s.b(s.a(x) * float(np.random.rand()))\n",
        "the model draws at random in evaluation too",
    ),
    "a mean of the batch": (
        " def forward(s, x): return s.b(s.a(x - x.mean(0)))\n",
        "as where a mean, a norm or a softmax is taken over the first dimension; samples come first, so take dim=1",
    ),
    "growing": (
        " n = 0\n def forward(s, x):\n  s.n += 1\n  if s.n % 9 == 0: s.add_module(f'e{s.n}', nn.Linear(6, 6))\n"
        "  return s.b(s.a(x))\n",
        "was created during training, and so is not trained itself",
    ),
}


@pytest.mark.parametrize("case", list(WARNED))
def test_what_is_hardly_meant_is_warned_of_once(tmp_path: Path, case: str) -> None:
    code, sentence = WARNED[case]
    told = notes(done(net(tmp_path, made(code)), "iris", epochs=2, batch_size=16))
    assert sentence in told
    assert told.count("Warning: ") == 1


MEANT = {
    "a frozen part": (
        " def also(s): s.n = nn.BatchNorm1d(6).requires_grad_(False)\n"
        " def forward(s, x):\n  s.n.eval()\n  return s.b(s.n(s.a(x)))\n"
    ),
    "a counter": (
        " def also(s): s.count = iter(range(10**9))\n def forward(s, x):\n  next(s.count)\n  return s.b(s.a(x))\n"
    ),
    "chance in training": " def forward(s, x): return s.b(s.a(x) * (random.random() if s.training else 1))\n",
    "no hooks": (
        " def register_forward_hook(s, *a, **k): raise RuntimeError('no hooks')\n"
        " register_forward_pre_hook = register_forward_hook\n"
    ),
    "a state of its own": " def get_extra_state(s): return {'n': [1, 2]}\n def set_extra_state(s, state): pass\n",
    "its own signals": (
        " def also(s):\n  import os, signal\n  os.chdir('/')\n  signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    ),
}


@pytest.mark.parametrize("case", list(MEANT))
def test_what_may_be_meant_trains_without_a_warning(tmp_path: Path, case: str) -> None:
    here = Path.cwd()
    assert "Warning" not in notes(done(net(tmp_path, made(MEANT[case])), "iris", epochs=1))
    assert Path.cwd() == here


def test_modules_that_were_compiled_train_as_they_are(tmp_path: Path) -> None:
    whole = "def Net(): return torch.compile(Two(), backend='eager')\n"
    part = made(" def also(s): s.a = torch.compile(s.a, backend='eager')\n")
    for code in (whole, part):
        assert "Its torch.compile is left out" in notes(done(net(tmp_path, code), "iris", epochs=1))


REFUSED = {
    "a layer without a shape": (" def also(s): s.z = nn.LazyLinear(8)\n", "The layer z (LazyLinear) has no shape yet"),
    "no values": (" def also(s): s.a = nn.Linear(4, 6, device='meta')\n", "a.weight has no values"),
    "no state": (" def state_dict(s, *a, **k): return {}\n", "lacks a.weight, which checkpoints would lose"),
    "an object for a state": (
        " def get_extra_state(s): return object()\n def set_extra_state(s, state): pass\n",
        "_extra_state of the state_dict is of type object, which checkpoints cannot store",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_trained_or_kept_is_refused_by_name(tmp_path: Path, case: str) -> None:
    code, sentence = REFUSED[case]
    assert sentence in failed(net(tmp_path, made(code)), "iris")
