"""What a lesson is: one module in ``engine/lessons`` that defines ``LESSON`` and whose docstring is the theory.

The docstring's first line is the title, the rest Markdown with formulas in plain Unicode. Heavy imports (torch)
belong inside ``run``, so that the catalogue of all lessons loads at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from descend.engine.knobs import Knob, KnobSet, knob, knobs

if TYPE_CHECKING:
    from descend.engine.lab import Lab

__all__ = ["TRACKS", "Knob", "KnobSet", "Lesson", "Question", "knob", "knobs"]

TRACKS = {
    "A": "Mathematics and numerics",
    "B": "SciPy and SymPy",
    "C": "Data",
    "D": "Neurons and networks",
    "E": "Optimisation and training",
    "F": "Generalisation",
    "G": "Convolutional networks",
    "H": "Recurrent networks",
    "I": "Attention, generative, graph models",
    "J": "Reinforcement learning",
    "K": "Practice and debugging",
    "L": "Efficiency and deployment",
    "M": "Case studies",
    "N": "Environment",
    "O": "Course frame",
}
"""Track letter → title; a lesson belongs to the track of the first curriculum id it covers."""


@dataclass(frozen=True)
class Question:
    """A multiple-choice question; ``answer`` is the index of the right choice, ``why`` explains it."""

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str


@dataclass(frozen=True)
class Lesson:
    """A lesson as its author declares it; the catalogue fills in ``name``, ``title``, ``theory`` and ``module``."""

    covers: tuple[str, ...]
    """Curriculum ids, such as ``("K05",)``."""
    run: Callable[[Lab, Any], None]
    """The experiment: ``run(lab, knobs)``."""
    knobs: Any
    """A class decorated with `knobs`: a ``type[KnobSet]``, unknown to type checkers."""
    data: tuple[str, ...] = ()
    """Datasets it can learn from, its own first; empty if it makes its data itself."""
    after: str = ""
    """Name of the lesson it builds on."""
    minutes: int = 10
    """Reading and running it once."""
    quiz: tuple[Question, ...] = ()
    sources: tuple[str, ...] = ()
    name: str = field(default="", compare=False)
    title: str = ""
    theory: str = ""
    module: str = ""

    @property
    def track(self) -> str:
        """Letter of the lesson's track, a key of `TRACKS`."""
        return self.covers[0][0]

    @property
    def question(self) -> str:
        """The first paragraph of the theory: what the lesson asks."""
        return self.theory.partition("\n\n")[0].replace("\n", " ")
