"""What benchmarks of the shell share: a lesson that trains flat out with six panels, and terminals to watch it in."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.terminal import Terminal, descend

SIZE = 120, 40
LESSON = '''"""Flat out

A small network on the digits, trained as fast as it goes. Six panels show it.
"""

from descend.engine.teaching.lesson import Lesson, knob, KnobSet


class Knobs(KnobSet):
    steps: int = knob(1_000_000, 1, 10_000_000)
    lr: float = knob(0.01, 1e-6, 1.0, live=True)


def run(lab, k):
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors, record_test

    data = Tensors.of(lab.dataset, lab.device)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(lab.device)
    sgd = torch.optim.SGD(net.parameters(), lr=k.lr)
    lab.track(net=net, sgd=sgd)
    chance = torch.Generator().manual_seed(lab.seed)
    for step in lab.steps(k.steps, samples=32, unit="images"):
        if step % 100 == 0:
            record_test(lab, net, data, functional.cross_entropy)
        chosen = torch.randint(len(data.train_y), (32,), generator=chance).to(lab.device)
        x, y = data.train_x[chosen], data.train_y[chosen]
        logits = net(x)
        loss = functional.cross_entropy(logits, y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        right, sure = (logits.argmax(1) == y).float().mean(), logits.softmax(1).max(1)[0].mean()
        lab.scalars({"train/loss": loss, "train/accuracy": right, "train/confidence": sure})
        lab.layers(net)
        lab.histogram("logits", logits=logits)


LESSON = Lesson(covers=("D04",), run=run, knobs=Knobs, data=("digits",))
'''
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    BINDINGS = [("space", "count", "count")]
    count = 0
    def compose(self):
        yield Static("bare app ready")
    def action_count(self):
        self.count += 1
        self.query_one(Static).update(f"pressed {self.count} times")
Bare().run()
"""


@contextmanager
def home() -> Iterator[Path]:
    """A home folder of its own, with the lesson ``flat-out`` in it."""
    with tempfile.TemporaryDirectory() as folder:
        lessons = Path(folder) / "lessons"
        lessons.mkdir()
        (lessons / "flat_out.py").write_text(LESSON)
        yield Path(folder)


@contextmanager
def training(
    terminal: type[Terminal] = Terminal, lesson: str = "flat-out", settings: tuple[str, ...] = ()
) -> Iterator[Terminal]:
    """The shell, attached to a run at full speed, its panels drawn; the run is stopped in the end."""
    command = descend("open", lesson, "--run", *(word for setting in settings for word in ("--set", setting)))
    with home() as folder, terminal(command, *SIZE, environment(folder)) as shell:
        shell.wait(lambda text: step_shown(text) > 100 and "waiting for data" not in text, 120)
        yield shell
        shell.press("x")
        shell.wait("stopped", 30)
        shell.press("q")
        shell.end()


@contextmanager
def bare() -> Iterator[Terminal]:
    """A Textual app that does nothing but count how often the space bar was pressed."""
    with Terminal([sys.executable, "-P", "-c", BARE], *SIZE) as terminal:
        terminal.wait("bare app ready")
        yield terminal
        terminal.press("\x11")
        terminal.end()


def environment(folder: Path) -> dict[str, str]:
    """Where a shell under test finds its runs; the data are the user's."""
    return {"DESCEND_HOME": str(folder), **{k: v for k, v in os.environ.items() if k == "DESCEND_DATA"}}


def step_shown(text: str) -> int:
    """The step in the status line, -1 if there is none."""
    match = re.search(r"step ([\d,]+)/", text)
    return int(match[1].replace(",", "")) if match else -1


def watch(terminal: Terminal, seconds: float) -> None:
    """Look at the terminal for a while."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        terminal.read(min(left, 0.05))


def cpu(terminal: Terminal) -> float:
    """Seconds of processor time that the program in the terminal has used; its workers are not counted."""
    times = psutil.Process(terminal.process.pid).cpu_times()
    return float(times.user + times.system)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0 … 1) of ``values`` lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
