"""Models that can be trained and are hardly meant so are warned of, with the names and the line; no others are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.engine.train.trained import conduct, done, failed, notes, said, trained, written

from descend.engine.launch import launcher

HEAD = """
from dataclasses import dataclass
import random

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 6), nn.Linear(6, 3)
        self.also()
    def also(self): pass
"""
FIRST = HEAD.count("\n") + 3
"""Lines before what a case adds, with the imports."""


def net(folder: Path, code: str) -> str:
    """The address of a model with that code."""
    return f"{written(folder, HEAD + 'class Net(Two):' + chr(10) + code)}:Net"


WARNED = {
    "in a list": (
        " def also(s): s.inner = [nn.Linear(6, 6), nn.Linear(6, 6)]\n"
        " def forward(s, x):\n  x = s.body(x)\n  for layer in s.inner:\n   x = layer(x)\n  return s.head(x)\n",
        ["inner.0 (Linear) and inner.1 (Linear)", "in a plain list (nets.py, line {6})", "make it an nn.ModuleList"],
    ),
    "in a dictionary of tuples": (
        " def also(s): s.inner = {'a': (nn.Linear(6, 6), 1)}\n"
        " def forward(s, x): return s.head(s.inner['a'][0](s.body(x)))\n",
        ["inner.a.0 (Linear)", "line {3}"],
    ),
    "in a closure": (
        " def also(s):\n  lost = nn.Linear(6, 6)\n  s.act = lambda x: lost(x)\n"
        " def forward(s, x): return s.head(s.act(s.body(x)))\n",
        ["lost (Linear)", "kept where torch does not look"],
    ),
    "a tensor": (
        " def also(s): s.gain = torch.ones(6, requires_grad=True)\n"
        " def forward(s, x): return s.head(s.body(x) * s.gain)\n",
        ["not parameters of the model: gain (nets.py, line {3})", "make it an nn.Parameter"],
    ),
    "an object's": (
        " def also(s):\n  class Box: pass\n  s.box = Box()\n  s.box.gain = nn.Parameter(torch.ones(6))\n"
        " def forward(s, x): return s.head(s.body(x) * s.box.gain)\n",
        ["box.gain"],
    ),
    "made in forward": (
        " def forward(s, x): return s.head(nn.Linear(6, 6)(s.body(x)))\n",
        ["creates parameters of shape", "again at each call (nets.py, line {2})", "in __init__"],
    ),
    "unused": (
        " def also(s): s.spare = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 2))\n"
        " def forward(s, x): return s.head(s.body(x))\n",
        ["no gradient reaches spare (Sequential), which forward does not use"],
    ),
    "no_grad": (
        " def forward(s, x):\n  with torch.no_grad():\n   x = s.body(x)\n  return s.head(x)\n",
        ["no gradient reaches body (Linear), computed under torch.no_grad() (nets.py, line {4})"],
    ),
    "detach": (
        " def forward(s, x):\n  x = s.body(x)\n  return s.head(x.detach())\n",
        ["no gradient reaches body (Linear), as its result passes detach (nets.py, line {4})"],
    ),
    "data": (" def forward(s, x): return s.head(s.body(x).data)\n", ["body (Linear), as its result passes data"]),
    "dropout": (
        " def forward(s, x): return s.head(F.dropout(s.body(x), 0.4))\n",
        ["dropout is on in evaluation too (nets.py, line {2})", "F.dropout(x, p, self.training)"],
    ),
    "dropout in a list": (
        " def also(s): s.d = [nn.Dropout(0.4)]\n def forward(s, x): return s.head(s.d[0](s.body(x)))\n",
        ["dropout is on in evaluation too (nets.py, line {3})"],
    ),
    "attention": (
        " def forward(s, x):\n  x = s.body(x).unsqueeze(-1).expand(-1, -1, 2)\n"
        "  return s.head(F.scaled_dot_product_attention(x, x, x, dropout_p=0.5).mean(-1))\n",
        ["dropout is on in evaluation too (nets.py, line {4})"],
    ),
    "a mask": (
        " def forward(s, x):\n  x = s.body(x)\n  return s.head(x * (torch.rand_like(x) > 0.5))\n",
        ["the model draws at random in evaluation too (nets.py, line {4})"],
    ),
    "softmax in evaluation": (
        " def forward(s, x):\n  x = s.head(s.body(x))\n  return x if s.training else x.softmax(1)\n",
        ["other outputs in training than in evaluation (nets.py, line {4})", "the second are the softmax of the first"],
    ),
    "gradients": (
        " def forward(s, x): return s.head(s.body(x) * (1 + torch.is_grad_enabled()))\n",
        ["other outputs in training than in evaluation (nets.py, line {2})"],
    ),
    "writes": (
        " def forward(s, x):\n  x[x < 0] = 0\n  return s.head(s.body(x))\n",
        ["the model writes into its input (nets.py, line {3})"],
    ),
    "through NumPy": (
        " def forward(s, x):\n  x.numpy()[:] *= 2\n  return s.head(s.body(x))\n",
        ["the model writes into its input."],
    ),
    "a shape": (
        " def forward(s, x):\n  x.unsqueeze_(1)\n  return s.head(s.body(x)).squeeze(1)\n",
        ["the model writes into its input (nets.py, line {3})"],
    ),
}


@pytest.mark.parametrize("case", list(WARNED))
def test_what_is_hardly_meant_is_warned_of_by_name(tmp_path: Path, case: str) -> None:
    code, sentences = WARNED[case]
    told = notes(done(net(tmp_path, code), "iris", epochs=1))
    assert told.count("Warning: ") == 1
    for sentence in sentences:
        for line in range(9):
            sentence = sentence.replace(f"{{{line}}}", str(FIRST + line))
        assert sentence in told


MEANT = {
    "all that differs": (
        " def also(s): s.l = nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5), nn.RReLU(), nn.AlphaDropout(0.2))\n"
        " def forward(s, x): return s.head(F.dropout(s.l(s.body(x)), 0.3, s.training))\n"
    ),
    "attention and memory": (
        " def also(s):\n  s.t = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)\n"
        "  s.r = nn.LSTM(6, 6, 2, dropout=0.5, batch_first=True)\n"
        " def forward(s, x): return s.head(s.r(s.t(s.body(x).unsqueeze(1)))[0][:, -1])\n"
    ),
    "frozen": (
        " def also(s): s.body.requires_grad_(False)\n"
        " def forward(s, x):\n  with torch.no_grad():\n   x = s.body(x)\n  return s.head(x)\n"
    ),
    "tied": (
        " def also(s): s.a, s.b = nn.Linear(6, 6), nn.Linear(6, 6); s.b.weight = s.a.weight\n"
        " def forward(s, x): return s.head(s.b(s.a(s.body(x))))\n"
    ),
    "an auxiliary head": (
        " def also(s): s.aux = nn.Linear(6, 3)\n"
        " def forward(s, x):\n  x = s.body(x)\n  return (s.head(x), s.aux(x)) if s.training else s.head(x)\n"
    ),
    "layers left out": (
        " def also(s): s.ls = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))\n"
        " def forward(s, x):\n  x = s.body(x)\n  for l in s.ls:\n"
        "   x = l(x) if not s.training or random.random() < 0.6 else x\n  return s.head(x)\n"
    ),
    "a norm of one's own": (
        " def also(s): s.register_buffer('mean', torch.zeros(6))\n"
        " def forward(s, x):\n  x = s.body(x)\n  if s.training:\n   now = x.mean(0)\n"
        "   s.mean = 0.9 * s.mean + 0.1 * now.detach()\n  else:\n   now = s.mean\n  return s.head(x - now)\n"
    ),
    "spectral norm": (
        " def also(s): s.l = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6))\n"
        " def forward(s, x): return s.head(s.l(s.body(x)))\n"
    ),
    "noise": (" def forward(s, x):\n  x = s.body(x)\n  return s.head(x + torch.rand_like(x) if s.training else x)\n"),
    "a gradient in forward": (
        " def forward(s, x):\n  with torch.enable_grad():\n   z = x.detach().clone().requires_grad_()\n"
        "   g, = torch.autograd.grad(s.body(z).tanh().sum(), z, create_graph=True)\n  return s.head(s.body(x + g))\n"
    ),
}


@pytest.mark.parametrize("case", list(MEANT))
def test_what_may_be_meant_is_not_warned_of(tmp_path: Path, case: str) -> None:
    told = notes(done(net(tmp_path, MEANT[case]), "iris", epochs=1))
    assert "Warning" not in told
    assert ("Not trained: aux (Linear)" in told) is (case == "an auxiliary head")


MASKED = """
class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(64, 64)
        self.register_buffer("gone", torch.arange(64) % 3 == 0)
class InPlace(Base):
    def forward(self, x):
        x = x.view(len(x), -1)
        x[:, self.gone] = 0
        return self.l(x)
class Copy(Base):
    def forward(self, x):
        return self.l(x.flatten(1) * ~self.gone)
"""


def test_a_target_is_what_the_samples_were_before_forward(tmp_path: Path) -> None:
    file = written(tmp_path, MASKED)
    losses = [
        done(f"{file}:{name}", "digits", objective="reconstruction", batch_size=400).metrics
        for name in ("InPlace", "Copy")
    ]
    assert losses[0]["test/loss"] == pytest.approx(losses[1]["test/loss"], rel=1e-5)
    assert losses[0]["train/loss"] == pytest.approx(losses[1]["train/loss"], rel=1e-5)


BUFFERS = """
class Sized(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
        self.register_buffer("seen", torch.zeros(1, 3))
        self.register_buffer("scale", None)
    def forward(self, x):
        if self.scale is None:
            self.scale = torch.full((4,), 2.0)
        y = self.l(x * self.scale)
        if self.seen.shape[0] != len(y):
            self.seen = torch.zeros_like(y)
        return y + self.seen

class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
        self.register_buffer("shift", torch.arange(4, dtype=torch.float64))
    def forward(self, x):
        return self.l(x + self.shift)

class Doubles(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3).double()
    def forward(self, x):
        return self.l(x.double())

def Script():
    return torch.jit.script(nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)))

def Traced():
    return torch.jit.trace(nn.Sequential(nn.Linear(4, 3)), torch.zeros(2, 4))

class Partly(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.head = Script(), nn.Linear(3, 3)
    def forward(self, x):
        return self.head(self.inner(x))

class Sparse(nn.Module):
    def __init__(self, vocab_size):
        super().__init__()
        self.e, self.head = nn.Embedding(vocab_size, 4, sparse=True), nn.Linear(4, vocab_size)
    def forward(self, x):
        return self.head(self.e(x))

class Dense(Sparse):
    def __init__(self, vocab_size):
        super().__init__(vocab_size)
        self.e.sparse = False
"""


@pytest.mark.parametrize("name", ["Sized", "Table", "Doubles", "Script", "Traced", "Partly"])
def test_uncommon_modules_train(tmp_path: Path, name: str) -> None:
    history = done(f"{written(tmp_path, BUFFERS)}:{name}", "iris", epochs=3, lr=0.05, patience=2)
    assert history.metrics["train/loss"] < history.series["train/loss"].values[0]
    told = notes(history)
    assert "Warning" not in told
    assert ("shift was float64; it is float32 here" in told) is (name == "Table")
    assert ("its weights are float64 all the same" in told) is (name == "Doubles")


def test_a_buffer_of_the_size_of_a_batch_is_taken_up_again(tmp_path: Path) -> None:
    run = trained(f"{written(tmp_path, BUFFERS)}:Sized", "iris", epochs=1, lr=0.05)
    history = said(conduct(launcher.fork_run(run, 4, {"epochs": 2})))
    assert history.status is not None
    assert history.status.state == "done", history.failure


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "momentum", "rmsprop"])
def test_sparse_gradients_train_as_dense_ones(tmp_path: Path, optimiser: str) -> None:
    file, book = written(tmp_path, BUFFERS), tmp_path / "book.txt"
    book.write_text("so it goes, and so it went. " * 60)
    losses = [
        done(f"{file}:{name}", str(book), optimiser=optimiser, clip=1.0, epochs=1, context=8).metrics["test/loss"]
        for name in ("Sparse", "Dense")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


RAISING = {
    "quits": (
        " def forward(s, x):\n  if len(x) > 9:\n   raise SystemExit('enough')\n  return s.head(s.body(x))\n",
        "failed at step 0 (nets.py, line {4}): SystemExit: enough. A model must not end the process",
    ),
    "quits at once": (" def forward(s, x): exit(3)\n", "Net.forward (nets.py, line {2}): SystemExit: 3."),
    "interrupts": (
        " def forward(s, x):\n  if s.training: raise KeyboardInterrupt\n  return s.head(s.body(x))\n",
        "Net.forward (nets.py, line {3}): KeyboardInterrupt",
    ),
    "a file": (
        " def forward(s, x):\n  if len(x) > 9: open('/nowhere/at/all')\n  return s.head(s.body(x))\n",
        "failed at step 0 (nets.py, line {3}): FileNotFoundError",
    ),
    "cuda": (
        " def also(s): s.body.to('cuda:99')\n def forward(s, x): return s.head(s.body(x))\n",
        "(nets.py, line {2}). descend moves the model and its samples itself",
    ),
    "cuda in forward": (" def forward(s, x): return s.head(s.body(x.to('cuda:99')))\n", "(nets.py, line {2}): "),
    "a method": (
        " def train(s, loader, epochs=3): pass\n def forward(s, x): return s.head(s.body(x))\n",
        "Net defines a method train (nets.py, line {2}) that takes the place of nn.Module.train",
    ),
    "an attribute": (
        " def also(s): s.modules = [s.body]\n def forward(s, x): return s.head(s.body(x))\n",
        "Net sets self.modules, which every nn.Module has as a method; give it another name.",
    ),
    "in place": (
        " def forward(s, x):\n  x = s.body(x).sigmoid()\n  y = s.head(x)\n  x += 1\n  return y\n",
        "(nets.py, line {4}). An operation in place",
    ),
    "all in a list": (
        " def also(s):\n  del s.body, s.head\n  s.ls = [nn.Linear(4, 3)]\n def forward(s, x): return s.ls[0](x)\n",
        "to train. Layers that are not part of the model: ls.0 (Linear), kept in a plain list",
    ),
}


@pytest.mark.parametrize("case", list(RAISING))
def test_what_is_raised_below_a_models_code_names_its_line(tmp_path: Path, case: str) -> None:
    code, sentence = RAISING[case]
    for line in range(9):
        sentence = sentence.replace(f"{{{line}}}", str(FIRST + line))
    why = failed(net(tmp_path, code), "iris")
    assert sentence in why
    if "cuda" in case:
        assert "leave out .cuda(), .to('cuda')" in why


def test_a_gradient_of_ones_own_that_is_wrong_names_its_line(tmp_path: Path) -> None:
    code = (
        "class Own(torch.autograd.Function):\n @staticmethod\n def forward(ctx, x, k): return x * k\n"
        " @staticmethod\n def backward(ctx, g): return g\n"
        "class Net(nn.Linear):\n def __init__(s): super().__init__(4, 3)\n"
        " def forward(s, x):\n  return Own.apply(super().forward(x), 0.5)\n"
    )
    why = failed(f"{written(tmp_path, code)}:Net", "iris")
    assert "(nets.py, line 12). Its backward must return a value for each argument of forward" in why


def test_a_step_that_fails_without_a_line_of_ones_own_is_a_sentence(tmp_path: Path) -> None:
    layers = "nn.Linear(4, 3), nn.Unflatten(0, (2, -1)), nn.Flatten(0, 1)"
    code = f"def Net(): return nn.Sequential({layers})\n"
    why = failed(f"{written(tmp_path, code)}:Net", "iris", batch_size=7)
    assert "The model failed at step 0, in its forward: RuntimeError" in why
    assert torch.is_grad_enabled()
