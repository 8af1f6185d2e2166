"""Models as people write them, trained; and every way in which they can be wrong, each a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.engine.train.trained import conduct, done, failed, notes, said, trained, written

from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher

MODELS = '''
class MLP(nn.Module):
    def __init__(self, input_dim, hidden_dims=[64, 32], output_dim=10, dropout=0.1):
        super().__init__()
        layers, width = [], input_dim
        for hidden in hidden_dims:
            layers += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)]
            width = hidden
        self.net = nn.Sequential(*layers, nn.Linear(width, output_dim))
    def forward(self, x):
        return self.net(x)

class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 2 * 2, 24)
        self.fc2 = nn.Linear(24, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 2 * 2)
        return self.fc2(F.relu(self.fc1(x)))

class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5)
        self.fc = nn.Linear(6 * 12 * 12, 10)
    def forward(self, x):
        return self.fc(F.max_pool2d(self.conv(x), 2).view(-1, 6 * 12 * 12))

def factory(num_classes, width: int = 8):
    return nn.Sequential(
        nn.LazyConv2d(width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(), nn.LazyLinear(num_classes))

class Rows(nn.Module):
    def __init__(self, input_size=8, hidden_size=12, num_classes=10):
        super().__init__()
        self.rnn = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, num_classes)
    def forward(self, x):
        out, state = self.rnn(x.squeeze(1))
        return self.head(out[:, -1]), state

class Answer:
    def __init__(self, logits):
        self.logits = logits

class Hugging(nn.Module):
    def __init__(self, num_labels):
        super().__init__()
        self.l = nn.Linear(4, num_labels)
    def forward(self, x):
        return Answer(self.l(x))

class OneLogit(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.l = nn.Linear(n_features, 1)
    def forward(self, x):
        return self.l(x).squeeze(-1)

class Writer(nn.Module):
    def __init__(self, vocab_size, d_model=16):
        super().__init__()
        self.e = nn.Embedding(vocab_size, d_model)
        self.o = nn.Linear(d_model, vocab_size)
    def forward(self, idx):
        return {"logits": self.o(self.e(idx))}

class VAE(nn.Module):
    def __init__(self, code=4):
        super().__init__()
        self.inward, self.outward = nn.Linear(64, code), nn.Linear(code, 64)
    def forward(self, x):
        mu = self.inward(x.flatten(1))
        return torch.sigmoid(self.outward(mu)), mu

ready = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

class Zero(nn.Module):
    """Begins with zeros in its last layer, as residual networks do: it does learn from its input."""
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
        nn.init.zeros_(self.l.weight)
    def forward(self, x):
        return self.l(x)
'''


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The file of models."""
    return written(tmp_path, MODELS)


@pytest.mark.parametrize(
    ("name", "data", "knobs", "told"),
    [
        (
            "MLP",
            "iris",
            {"hidden_dims": "[8, 8]", "epochs": "20"},
            "Taken from the data: input_dim=4, output_dim=3. 139 parameters",
        ),
        ("MLP", "diabetes", {"dropout": "0"}, "output_dim=1"),
        ("CNN", "digits", {}, "2,750 parameters"),
        ("factory", "digits", {"width": "4", "batch_size": "479"}, "num_classes=10"),
        ("Rows", "digits", {"epochs": "5"}, "is taken for its scores"),
        ("Hugging", "iris", {}, "The model returns an object of type Answer"),
        ("OneLogit", "breast-cancer", {}, "31 parameters"),
        ("VAE", "digits", {"objective": "reconstruction"}, "is taken for its scores"),
        ("ready", "digits", {}, "650 parameters"),
        ("Zero", "iris", {}, "15 parameters"),
    ],
)
def test_models_from_elsewhere_train(models: Path, name: str, data: str, knobs: dict[str, str], told: str) -> None:
    history = done(f"{models}:{name}", data, **knobs)
    assert told in notes(history)
    assert history.metrics["train/loss"] < history.series["train/loss"].values[0]
    assert "ignores" not in notes(history)


def test_a_single_logit_is_judged_as_two_classes(models: Path) -> None:
    history = done(f"{models}:OneLogit", "breast-cancer", lr=0.05, epochs=5)
    assert history.metrics["test/accuracy"] > 0.93
    assert history.pictures["confusion/test"][-1].counts.numpy().sum() == 114


def test_text_of_ones_own_is_written_on(models: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("so it goes, and so it went, and so it will go on. " * 120)
    history = done(f"{models}:Writer", str(book), context=16)
    assert history.metrics["test/perplexity"] < 20
    assert len(history.pictures["text/sample"][-1].text) == 216


def test_hard_coded_sizes_are_explained(models: Path) -> None:
    why = failed(f"{models}:LeNet5", "digits")
    assert "failed at LeNet5.forward (nets.py, line 35): RuntimeError: shape '[-1, 864]' is invalid" in why
    assert "x.flatten(1) needs none" in why
    assert "Two samples are a tensor (2, 1, 8, 8)" in why


WRONG = {
    "Flat": (
        "digits",
        "class Flat(nn.Module):\n def __init__(s):\n  super().__init__(); s.fc1 = nn.Linear(64, 10)\n"
        " def forward(s, x): return s.fc1(x)\n",
        "failed at the layer fc1 (Linear) (nets.py, line 7): it takes 64 numbers a sample (in_features), and was given "
        "8 (a tensor (2, 1, 8, 8)). Flatten each sample first",
    ),
    "Wide": ("iris", "def Wide(): return nn.Sequential(nn.Linear(5, 3))\n", "in_features should be 4 here."),
    "Colour": (
        "digits",
        "def Colour(): return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10))\n",
        "the layer 0 (Conv2d): it takes 3 channels (in_channels), and was given 1",
    ),
    "Small": (
        "digits",
        "def Small(): return nn.Sequential(nn.Conv2d(1, 4, 11), nn.Flatten(), nn.LazyLinear(10))\n",
        "it takes at least 11 × 11 values (kernel_size), and was given 8 × 8",
    ),
    "Norm": (
        "iris",
        "def Norm(): return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(6), nn.Linear(8, 3))\n",
        "the layer 1 (BatchNorm1d): it takes 6 channels (num_features), and was given 8",
    ),
    "Table": (
        "iris",
        "def Table(): return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.LazyLinear(3))\n",
        "a model for tables begins with nn.Linear",
    ),
    "Words": (
        "iris",
        "def Words(): return nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.LazyLinear(3))\n",
        "it takes whole numbers, indices of tokens",
    ),
    "Ten": (
        "iris",
        "def Ten(): return nn.Sequential(nn.Linear(4, 10))\n",
        "The output for two samples has the shape (2, 10), and should have (2, 3): 3 scores, one for each class. Its "
        "last layer with weights is 0 (Linear(in_features=4, out_features=10, bias=True)). Its last layer should give",
    ),
    "Mixed": (
        "digits",
        "class Mixed(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(32, 10)\n"
        " def forward(s, x): return s.l(x.view(-1, 32))\n",
        "a view or reshape mixes them",
    ),
    "Maps": (
        "digits",
        "def Maps(): return nn.Sequential(nn.Conv2d(1, 10, 3))\n",
        "It has more dimensions than that",
    ),
    "Same": ("digits", "def Same(): return nn.Sequential(nn.Conv2d(1, 1, 3, padding=1))\n", "objective=reconstruction"),
    "Nothing": (
        "iris",
        "class Nothing(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): s.l(x)\n",
        "The model returned None, which contains no scores; it should return one tensor",
    ),
    "Odd": (
        "iris",
        "class Odd(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): return {'out': s.l(x)[:, :2]}\n",
        "The model returned a dictionary with 'out'",
    ),
    "Fixed": (
        "iris",
        "class Fixed(nn.Module):\n def forward(s, x): return x[:, :3]\n",
        "The model has no trainable parameters",
    ),
    "Frozen": (
        "iris",
        "def Frozen():\n net = nn.Linear(4, 3)\n net.requires_grad_(False)\n return net\n",
        "The model has no trainable parameters",
    ),
    "Again": (
        "iris",
        "class Again(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3); s.kept = 0\n"
        " def forward(s, x):\n  y = s.l(x) + s.kept\n  s.kept = y.mean()\n  return y\n",
        "Something is kept from the step before, such as a hidden state; detach it, or create it again.",
    ),
    "Trains": (
        "iris",
        "raise RuntimeError('no data')\ndef Trains(): return nn.Linear(4, 3)\n",
        "put it below `if __name__ == '__main__':`",
    ),
    "Asserts": (
        "digits",
        "class Asserts(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x):\n  assert x.dim() == 2\n  return s.l(x)\n",
        "failed at Asserts.forward (nets.py, line 8): AssertionError of `assert x.dim() == 2`.",
    ),
    "Later": (
        "iris",
        "class Later(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x):\n  assert len(x) < 9\n  return s.l(x)\n",
        "The model failed at step 0 (nets.py, line 8): AssertionError of `assert len(x) < 9`. Before, it worked",
    ),
    "Best": (
        "iris",
        "class Best(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): return s.l(x).argmax(1)\n",
        "scores are floating-point numbers, so leave out the argmax",
    ),
    "Turned": (
        "shapes-32",
        "class Turned(nn.Module):\n def __init__(s):\n  super().__init__(); s.c = nn.Conv2d(3, 4, 3)\n"
        " def forward(s, x): return s.c(x.permute(0, 3, 1, 2)).mean((2, 3))\n",
        "so leave out the permute.",
    ),
    "Empty": (
        "iris",
        "class Empty(nn.Module):\n def __init__(s):\n  super().__init__()\n"
        "  s.w = nn.Parameter(torch.full((4, 3), torch.nan))\n def forward(s, x): return x @ s.w\n",
        "Its weights w have such values",
    ),
    "Cut": (
        "iris",
        "class Cut(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): return s.l(x).detach()\n",
        "does not depend on any trainable parameter",
    ),
    "Hard": (
        "iris",
        "class Hard(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): return s.l(x).round().long()\n",
        "scores are floating-point numbers",
    ),
    "Nan": (
        "iris",
        "class Log(nn.Module):\n def forward(s, x): return x.log()\n"
        "def Nan(): return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), Log())\n",
        "not finite, before any training, first at the layer 2 (Log)",
    ),
    "Twice": (
        "iris",
        "class Twice(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x, mask): return s.l(x)\n",
        "forward takes 'x' and 'mask'; say which columns each is given",
    ),
    "Absent": (
        "iris",
        "class Absent(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n",
        "Absent",
    ),
    "Half": (
        "iris",
        "class Half(nn.Module):\n def __init__(s):\n  s.l = nn.Linear(4, 3)\n",
        "Half could not be built: AttributeError: cannot assign module before Module.__init__() call (nets.py, line 6)",
    ),
    "Needs": (
        "iris",
        "def Needs(depth): return nn.Linear(4, 3)\n",
        "Needs needs depth, which the data does not determine; say --set depth=VALUE.",
    ),
    "Raises": (
        "iris",
        "def Raises(depth=3):\n raise ValueError('depth is even\\nor so')\n",
        "Raises could not be built: ValueError: depth is even (nets.py, line 5). It was called with no arguments",
    ),
    "Quits": ("iris", "def Quits():\n raise SystemExit(3)\n", "Quits could not be built: SystemExit: 3"),
    "Number": ("iris", "Number = 3\n", "Number in nets.py is of type int; a model is a class derived from nn.Module"),
    "Output": (
        "iris",
        "def Output(): return torch.zeros(2)\n",
        "Output returned an object of type Tensor, not the module itself.",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_what_is_wrong_is_a_sentence(tmp_path: Path, name: str) -> None:
    data, code, sentence = WRONG[name]
    why = failed(f"{written(tmp_path, code)}:{name}", data)
    assert sentence in why
    assert "\n" not in why
    assert "Traceback" not in why


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import absent_package\nclass N(nn.Module): pass\n", "nets.py needs the package 'absent_package'"),
        ("import os\n\nos.nothing\nclass N(nn.Module): pass\n", "nets.py cannot be imported: AttributeError"),
        ("import sys\nsys.exit(2)\nclass N(nn.Module): pass\n", "nets.py cannot be imported: SystemExit: 2"),
        ("if False:\n    class N(nn.Module): pass\n", "nets.py defines no 'N'"),
        ("input()\nclass N(nn.Module): pass\n", "nets.py cannot be imported: "),
    ],
)
def test_a_file_that_cannot_be_imported_is_a_sentence_with_the_line(tmp_path: Path, code: str, sentence: str) -> None:
    why = failed(f"{written(tmp_path, code)}:N", "iris")
    assert sentence in why
    assert "line" in why or "defines no" in why


def test_what_is_next_to_it_and_above_it_is_found(tmp_path: Path) -> None:
    package = tmp_path / "project_of_mine" / "nets"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "parts_of_mine.py").write_text("from torch import nn\ndef head(n): return nn.Linear(4, n)\n")
    file = written(package, "from .parts_of_mine import head\ndef Net(n_classes): return head(n_classes)\n", "model.py")
    done(f"{file}:Net", "iris")


def test_a_file_called_like_a_module_that_is_there_already(tmp_path: Path) -> None:
    file = written(tmp_path, "def Net(): return nn.Linear(4, 3)\n", "json.py")
    done(f"{file}:Net", "iris")


ENDINGS = """
def Plain(): return nn.Sequential(nn.Linear(4, 3))
def Soft(): return nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
def LogSoft(): return nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))

class Chance(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.l = nn.Linear(n_features, 1)
    def forward(self, x):
        return torch.sigmoid(self.l(x)).squeeze()
"""


def test_probabilities_are_learned_as_the_scores_they_were_made_of(tmp_path: Path) -> None:
    file = written(tmp_path, ENDINGS)
    plain, soft, log = (done(f"{file}:{name}", "iris") for name in ("Plain", "Soft", "LogSoft"))
    assert "comes from a softmax" in notes(soft)
    assert "is log-probabilities" in notes(log)
    assert soft.metrics["test/loss"] == pytest.approx(plain.metrics["test/loss"], rel=1e-4)
    assert log.metrics["test/loss"] == pytest.approx(plain.metrics["test/loss"], rel=1e-4)


def test_a_single_probability_is_judged_as_two_classes(tmp_path: Path) -> None:
    history = done(f"{written(tmp_path, ENDINGS)}:Chance", "breast-cancer", lr=0.05, epochs=5)
    assert "comes from a sigmoid" in notes(history)
    assert history.metrics["test/accuracy"] > 0.93


SUSPECT = {
    "Bounded": (
        "diabetes",
        "def Bounded(): return nn.Sequential(nn.Linear(10, 1), nn.ReLU())\n",
        "Warning: the output comes from a ReLU, and cannot take all values",
    ),
    "Deaf": (
        "iris",
        "class Deaf(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3)\n"
        " def forward(s, x): return s.l(x * 0)\n",
        "Warning: the model gives the same output for samples that differ: it ignores its input.",
    ),
    "Rows": (
        "digits",
        "class Rows(nn.Module):\n def __init__(s):\n  super().__init__(); s.r = nn.GRU(8, 8); s.l = nn.Linear(8, 10)\n"
        " def forward(s, x): return s.l(s.r(x.squeeze(1))[0][:, -1])\n",
        "Warning: the output for a sample depends on the others of its batch",
    ),
    "Counts": (
        "iris",
        "class Counts(nn.Module):\n def __init__(s):\n  super().__init__(); s.l = nn.Linear(4, 3); s.n = 0\n"
        " def forward(s, x):\n  s.n += 1\n  return s.l(x) * s.n\n",
        "Warning: the model gives two outputs for one input: it keeps state between calls",
    ),
}


@pytest.mark.parametrize("name", list(SUSPECT))
def test_what_is_hardly_meant_is_warned_of(tmp_path: Path, name: str) -> None:
    data, code, sentence = SUSPECT[name]
    assert sentence in done(f"{written(tmp_path, code)}:{name}", data, batch_size=479, epochs=1).notes[-1].text


GPT = """
from dataclasses import dataclass

@dataclass
class GPTConfig:
    block_size: int = 1024
    vocab_size: int = 50304
    width: int = 64
    lr: float = 0.0

class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.places = nn.Embedding(config.block_size, config.width)
        self.head = nn.Linear(config.width, config.vocab_size)
    def forward(self, idx, targets=None):
        x = self.tokens(idx) + self.places(torch.arange(idx.shape[1]))
        if targets is None:
            return self.head(x[:, [-1]]), None
        logits = self.head(x)
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))

class Rows(nn.Module):
    def __init__(self, vocab_size):
        super().__init__()
        self.tokens, self.head = nn.Embedding(vocab_size, 8), nn.Linear(8, vocab_size)
    def forward(self, x):
        return self.head(self.tokens(x)).view(-1, self.head.out_features), None

class Seer(nn.Module):
    def __init__(self, vocab_size):
        super().__init__()
        self.tokens, self.head = nn.Embedding(vocab_size, 8), nn.Linear(8, vocab_size)
    def forward(self, x):
        x = self.tokens(x)
        return self.head(x + x.mean(1, keepdim=True)).log_softmax(-1)
"""


def test_a_language_model_with_a_configuration_object(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("so it goes, and so it went, and so it will go on. " * 60)
    file = written(tmp_path, GPT)
    history = done(f"{file}:GPT", str(book), context=16, width=8, **{"model.lr": 0.5})
    assert "Taken from the data: block_size=16, vocab_size=" in notes(history)
    assert "forward is given targets too" in notes(history)
    assert history.metrics["train/loss"] < history.series["train/loss"].values[0]
    assert "Warning" not in notes(history)
    assert "Warning" not in notes(done(f"{file}:Rows", str(book), context=16, epochs=1))
    assert "depend on characters after it" in notes(done(f"{file}:Seer", str(book), context=16, epochs=1))


SEVERAL = """
class Code(nn.Module):
    def __init__(self, image_size=224):
        super().__init__()
        self.inward, self.outward = nn.Linear(image_size ** 2, 4), nn.Linear(4, image_size ** 2)
    def forward(self, x):
        code = self.inward(x.flatten(1))
        return code, self.outward(code).view_as(x)

class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
    def forward(self, x):
        return {"features": x, "out": self.l(x)}

def Sized(batch_size):
    return nn.Linear(4, 3)
"""


def test_of_several_outputs_the_one_that_fits_is_taken(tmp_path: Path) -> None:
    file = written(tmp_path, SEVERAL)
    history = done(f"{file}:Code", "digits", objective="reconstruction", batch_size=479)
    assert "Taken from the data: image_size=8." in notes(history)
    assert "the tensor (2, 1, 8, 8) is taken" in notes(history)
    assert history.metrics["train/loss"] < history.series["train/loss"].values[0]
    assert "the tensor (2, 3) is taken" in notes(done(f"{file}:Named", "iris", epochs=1))


def test_an_argument_named_like_a_training_knob(tmp_path: Path) -> None:
    file = written(tmp_path, SEVERAL)
    assert "say --set model.batch_size=VALUE" in failed(f"{file}:Sized", "iris")
    done(f"{file}:Sized", "iris", epochs=1, **{"model.batch_size": 3})


BLOCKS = """
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.l = nn.Linear(width, width)
    def forward(self, x):
        return F.relu(self.l(x))

class Stack(nn.Module):
    def __init__(self, block, num_blocks, activation=nn.ReLU, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(*[block(4) for _ in num_blocks], activation(), nn.Linear(4, num_classes))
    def forward(self, x):
        return self.net(x)

def Two():
    return Stack(Block, [1, 1], num_classes=3)
"""


def test_arguments_can_be_what_the_file_defines(tmp_path: Path) -> None:
    file = written(tmp_path, BLOCKS)
    assert "Or name one that builds the model without it: Two." in failed(f"{file}:Stack", "iris")
    history = done(f"{file}:Stack", "iris", block="Block", num_blocks="[1, 1, 1]", activation="nn.Tanh")
    assert "75 parameters" in notes(history)


def test_what_a_file_does_to_the_process_is_undone(tmp_path: Path) -> None:
    code = (
        "import argparse\nwords = argparse.ArgumentParser()\nwords.add_argument('--seed', type=int, default=1)\n"
        "torch.manual_seed(words.parse_args().seed)\ntorch.set_default_dtype(torch.float64)\n"
        "torch.set_num_threads(2)\ntorch.set_grad_enabled(False)\ndef Net(): return nn.Linear(4, 3)\n"
    )
    file = written(tmp_path, code)
    one, again, other = (said(trained(f"{file}:Net", "iris", seed=seed, epochs=1)) for seed in (0, 0, 1))
    assert "The model's weights were float64; they are float32 here." in notes(one)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == 1
    assert one.metrics["test/loss"] == again.metrics["test/loss"] != other.metrics["test/loss"]


def test_a_package_without_init_and_one_above(tmp_path: Path) -> None:
    folder = tmp_path / "wide_project" / "deep_nets"
    folder.mkdir(parents=True)
    (folder / "own_parts.py").write_text("from torch import nn\nhead = nn.Linear\n")
    file = written(folder, "from .own_parts import head\ndef Net(n_classes): return head(4, n_classes)\n", "a_model.py")
    done(f"{file}:Net", "iris", epochs=1)
    (folder.parent / "shared_parts").mkdir()
    (folder.parent / "shared_parts" / "heads.py").write_text("from torch import nn\nhead = nn.Linear\n")
    file = written(folder, "from shared_parts.heads import head\ndef Net(): return head(4, 3)\n", "b_model.py")
    done(f"{file}:Net", "iris", epochs=1)


SINGLES = """
def Normed(): return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))

class Squeezed(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
    def forward(self, x):
        return self.l(x.unsqueeze(1)).squeeze()
"""


@pytest.mark.parametrize("name", ["Normed", "Squeezed"])
def test_a_last_batch_of_one_sample(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, SINGLES)
    history = done(f"{file}:{name}", "iris", batch_size=17, epochs=1)  # 120 = 7 × 17 + 1, 30 = 17 + 13
    assert history.progress is not None
    assert history.progress.step == 7
    assert "cannot be trained with a single sample" in failed(f"{file}:{name}", "iris", batch_size=1)


def test_a_batch_that_is_larger_than_the_data(tmp_path: Path) -> None:
    history = done(f"{written(tmp_path, SINGLES)}:Normed", "iris", batch_size=5000, epochs=3)
    assert history.progress is not None
    assert history.progress.step == 3
    assert "A batch of 5,000 is more than the 120 training rows" in notes(history)


def test_a_file_that_is_edited_or_gone_before_a_fork(tmp_path: Path) -> None:
    file = written(tmp_path, "def Net(): return nn.Linear(4, 3)\n")
    run = trained(f"{file}:Net", "iris", epochs=1)
    assert "edited" not in notes(said(run))
    file.write_text(file.read_text() + "# as before\n")
    history = said(conduct(launcher.fork_run(run, 0, {"epochs": 2})))
    assert "Warning: nets.py was edited since the run was created" in notes(history)
    assert history.status is not None
    assert history.status.state == "done"
    file.write_text(file.read_text().replace("nn.Linear(4, 3)", "nn.Linear(4, 3, bias=False)"))
    history = said(conduct(launcher.fork_run(run, 0, {"epochs": 2})))
    assert history.failure is not None
    assert "an edit of a model's own file" in history.failure.title
    file.unlink()
    for go_on in (lambda: launcher.fork_run(run, 0), lambda: launcher.resume_run(run)):
        with pytest.raises(DescendError, match="which no longer exists; restore it to resume"):
            go_on()


def test_weights_that_are_complex_numbers(tmp_path: Path) -> None:
    code = (
        "class Waves(nn.Module):\n def __init__(s):\n  super().__init__()\n"
        "  s.w = nn.Parameter(torch.randn(4, 3, dtype=torch.cfloat))\n"
        " def forward(s, x): return (x.to(torch.cfloat) @ s.w){}\n"
    )
    assert "take the .real part" in failed(f"{written(tmp_path, code.format(''), 'bare.py')}:Waves", "iris")
    history = done(f"{written(tmp_path, code.format('.abs()'), 'absolute.py')}:Waves", "iris", lr=0.05)
    assert history.metrics["train/loss"] < history.series["train/loss"].values[0]
