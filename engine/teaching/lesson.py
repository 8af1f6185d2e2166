"""What a lesson is: one module in ``engine/lessons`` that defines ``LESSON`` and whose docstring is the theory.

The docstring's first line is the title, the rest Markdown with formulas in plain Unicode. Heavy imports (torch)
belong inside functions, so that the catalogue of all lessons loads at once. `AUTHORS.md` beside this file tells how to
write one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from descend.engine.base.knobs import Knob, KnobSet, Value, knob, knobs

if TYPE_CHECKING:
    from descend.engine.lab.lab import Lab
    from descend.engine.run.result import Result, Results

__all__ = [
    "TRACKS",
    "Claim",
    "CodeExercise",
    "Exercise",
    "Knob",
    "KnobSet",
    "Lesson",
    "Prediction",
    "Question",
    "Wrong",
    "knob",
    "knobs",
]

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
    lesson: str = ""
    """Name of the lesson that shows it, if that is another."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the learner commits to before the run; their own run, whatever its knobs, grades it.

    With ``choices``, ``truth`` returns the index of the right one; without, a number is asked for, which is right if it
    is within ``within`` of the truth, as a share of it. None: this run cannot tell.
    """

    text: str
    truth: Callable[[Result], float | None]
    why: str
    choices: tuple[str, ...] = ()
    within: float = 0.1


@dataclass(frozen=True, eq=False)
class Claim:
    """A sentence of the lesson that `descend verify` proves by running it.

    ``measure`` reads one number from the runs, named in ``runs`` with the knobs they change; it must lie strictly
    between ``above`` and ``below``, or be ``exactly`` a number. It must do so for each of ``seeds``, or for at least
    ``needed`` of them.
    """

    text: str
    measure: Callable[[Results], float]
    above: float | None = None
    below: float | None = None
    exactly: float | None = None
    runs: Mapping[str, Mapping[str, Value]] = field(default_factory=lambda: {"run": {}})
    seeds: tuple[int, ...] = (0,)
    needed: int | None = None
    data: str = ""
    """Dataset of the runs, if not the lesson's own."""

    def holds(self, measured: float) -> bool:
        """Whether what was measured bears the claim out; NaN never does."""
        return (
            (self.above is None or measured > self.above)
            and (self.below is None or measured < self.below)
            and (self.exactly is None or measured == self.exactly)
            and measured == measured
        )

    @property
    def asks(self) -> str:
        """What is needed, in a few characters, such as ``< 0.25``."""
        parts = [("=", self.exactly), (">", self.above), ("<", self.below)]
        return " and ".join(f"{sign} {bound:g}" for sign, bound in parts if bound is not None)


class Wrong(Exception):
    """An exercise is not solved yet; the sentence says precisely what is wrong."""


@dataclass(frozen=True, eq=False)
class Exercise:
    """Something to bring about by turning knobs. The default knobs fail it, ``solution`` passes."""

    text: str
    check: Callable[[Result], None]
    """Raises `Wrong` unless the run meets the exercise."""
    solution: Mapping[str, Value]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CodeExercise:
    """A small function to write or to mend.

    ``starter`` and ``solution`` are functions of the lesson's module; their source text is what the learner gets to
    edit, so each must stand alone: whatever it needs is imported inside it. ``check`` is called with the learner's
    function, in a process of its own. The starter fails the check, the solution passes it.
    """

    text: str
    starter: Callable[..., Any]
    solution: Callable[..., Any]
    check: Callable[[Callable[..., Any]], None]
    """Raises `Wrong` unless the function does what is asked for."""
    hints: tuple[str, ...] = ()
    seconds: float = 20.0
    """Time the check may take."""


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
    predictions: tuple[Prediction, ...] = ()
    claims: tuple[Claim, ...] = ()
    quiz: tuple[Question, ...] = ()
    exercises: tuple[Exercise | CodeExercise, ...] = ()
    sources: tuple[str, ...] = ()
    smoke: Mapping[str, Value] = field(default_factory=dict, compare=False)
    """Knobs with which the experiment says everything within seconds, for tests; ``pace`` is 0 and ``epochs`` 1 there
    unless stated."""
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
