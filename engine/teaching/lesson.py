"""What a lesson is: one module in ``engine/lessons`` that defines ``LESSON`` and whose docstring is the theory.

The docstring's first line is the title, the rest Markdown with formulas in plain Unicode. Heavy imports (torch)
belong inside functions, so that the catalogue of all lessons loads at once. `AUTHORS.md` next to this file says how to
write one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from descend.engine.base.knobs import Knob, KnobSet, Value, knob, pace
from descend.engine.teaching.measure import (
    Bound,
    Measure,
    at,
    computed,
    diverged,
    first,
    highest,
    knob_value,
    last,
    lowest,
    number,
)

if TYPE_CHECKING:
    from descend.datasets.data_shape import DataShape
    from descend.engine.lab.lab import Lab
    from descend.engine.run.result import Result
    from descend.engine.teaching.simulated_shell import SimulatedShell

__all__ = [
    "TRACKS",
    "Claim",
    "CodeExercise",
    "CommandDrill",
    "Exercise",
    "Knob",
    "KnobSet",
    "Lesson",
    "Prediction",
    "Question",
    "Wrong",
    "at",
    "computed",
    "diverged",
    "first",
    "highest",
    "knob",
    "knob_value",
    "last",
    "lowest",
    "number",
    "pace",
    "quiz",
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
    "I": "Attention, generative and graph models",
    "J": "Reinforcement learning",
    "K": "Practice and debugging",
    "L": "Efficiency and deployment",
    "M": "Case studies",
    "N": "Installing and reproducing",
    "O": "Course map and quizzes",
}
"""Track letter → title; a lesson belongs to the track of the first curriculum id it covers."""

FOLDERS = {
    "A": "mathematics",
    "B": "scientific_python",
    "C": "data",
    "D": "networks",
    "E": "optimisation",
    "F": "generalisation",
    "G": "convolutional",
    "H": "recurrent",
    "I": "attention_generative",
    "J": "reinforcement",
    "K": "debugging",
    "L": "efficiency",
    "M": "case_studies",
    "N": "environment",
    "O": "course",
}
"""Track letter → its folder in ``engine/lessons``."""


class Wrong(Exception):
    """An exercise is not solved yet; the sentence says precisely what is wrong."""


@dataclass(frozen=True)
class Question:
    """A multiple-choice question; ``answer`` is the index of the right choice, ``why`` explains it. See `quiz`."""

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str
    lesson: str = ""
    """Name of the lesson that shows it, if that is another."""
    kind: Literal["recall", "compute", "foresee"] = "recall"
    """What it asks for: to know, to compute, or to say what a run will do."""
    answers: tuple[str, ...] = ()
    """Rows of the curriculum that it settles, such as ``("S2-C05",)``."""
    mistakes: tuple[int, ...] = ()
    """Numbers of the curriculum's mistakes that it explains."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the learner commits to before the run; their own run, whatever its knobs, grades it.

    What was right is the choice whose bound holds (or one of whose bounds, if it has several). Without choices it is
    ``truth``, a measure, or a number within ``within`` of it, as a share. A function of the run's `Result` may be the
    ``truth`` of either: it gives the index of the right choice, or the number, or None. A run in which no choice holds
    or several do cannot tell, and grades nothing; of a run that failed only `diverged` holds.
    """

    text: str
    truth: Measure | Callable[[Result], float | None] | None = None
    why: str = ""
    choices: Mapping[str, Bound | tuple[Bound, ...]] | tuple[str, ...] = ()
    within: float = 0.1
    mistakes: tuple[int, ...] = ()
    """Numbers of the curriculum's mistakes that it lets the learner meet."""

    @property
    def names(self) -> tuple[str, ...]:
        """The choices as they are shown; () where a number is asked for."""
        return tuple(self.choices)


@dataclass(frozen=True, eq=False, init=False)
class Claim:
    """A sentence of the lesson that `descend verify` proves by running it: all ``bounds`` hold for each of ``seeds``
    (or the first so many), or for at least ``needed`` of them."""

    text: str
    bounds: tuple[Bound, ...]
    seeds: tuple[int, ...]
    needed: int
    data: str
    """Dataset of the runs, if not the lesson's own."""

    def __init__(
        self, text: str, *bounds: Bound, seeds: int | tuple[int, ...] = 1, needed: int | None = None, data: str = ""
    ) -> None:
        every = tuple(range(seeds)) if isinstance(seeds, int) else seeds
        _fill(self, text=text, bounds=bounds, seeds=every, needed=len(every) if needed is None else needed, data=data)


@dataclass(frozen=True, eq=False, init=False)
class Exercise:
    """A goal to reach by turning knobs: all of ``needs`` hold for a run that came to its end. The default
    knobs fail it, ``solution`` passes, whatever the seed."""

    text: str
    needs: tuple[Bound | Callable[[Result], None], ...]
    """Bounds; or functions that raise `Wrong`, for what no bound can say."""
    solution: Mapping[str, Value]
    hints: tuple[str, ...]
    mistakes: tuple[int, ...]
    """Numbers of the curriculum's mistakes that it settles."""
    rows: tuple[str, ...]
    """Rows of the curriculum that it settles."""

    def __init__(
        self,
        text: str,
        *needs: Bound | Callable[[Result], None],
        solution: Mapping[str, Value],
        hints: tuple[str, ...] = (),
        mistakes: tuple[int, ...] = (),
        rows: tuple[str, ...] = (),
    ) -> None:
        _fill(self, text=text, needs=needs, solution=solution, hints=hints, mistakes=mistakes, rows=rows)


@dataclass(frozen=True, eq=False)
class CodeExercise:
    """A small function to write or to fix.

    ``solution`` is a function of the lesson's module. The learner edits its source text with each key of ``broken``
    replaced by its value, so it must stand alone: whatever it needs is imported inside it. Where the two differ by
    more than that, ``starter`` is the whole text to begin with. The starter fails ``check``, the solution passes.

    ``check`` is called with the learner's function, in a process of its own. It raises `Wrong`, or yields bounds of
    what it counted or computed, such as ``number(error, "largest error") <= 1e-6``, each of which has to hold.
    """

    text: str
    solution: Callable[..., Any]
    check: Callable[[Callable[..., Any]], Any]
    broken: Mapping[str, str] = field(default_factory=dict)
    starter: str = ""
    hints: tuple[str, ...] = ()
    seconds: float = 20.0
    """Time the check may take."""
    mistakes: tuple[int, ...] = ()
    """Numbers of the curriculum's mistakes that it settles."""
    rows: tuple[str, ...] = ()
    """Rows of the curriculum that it settles."""


@dataclass(frozen=True, eq=False)
class CommandDrill:
    """Something to bring about by typing commands into a simulated shell, in which nothing real is run.

    ``check`` is called with the `SimulatedShell` after every line. It raises `Wrong`, or yields bounds, each of which
    has to hold. The shell as it is at first fails it, the commands of ``solution`` pass.
    """

    text: str
    check: Callable[[SimulatedShell], Any]
    solution: tuple[str, ...]
    shell: Callable[[], SimulatedShell] | None = None
    """Makes the shell to begin with, with its files, environments and commits; None: an empty one."""
    hints: tuple[str, ...] = ()
    mistakes: tuple[int, ...] = ()
    """Numbers of the curriculum's mistakes that it settles."""
    rows: tuple[str, ...] = ()
    """Rows of the curriculum that it settles."""


def quiz(text: str) -> tuple[Question, ...]:
    """The questions written in ``text``; see `descend.engine.teaching.quiz_text`.

    Raises:
        ValueError: a line is not understood; the sentence says which.
    """
    from descend.engine.teaching.quiz_text import parse_quiz

    return tuple(Question(**asked) for asked in parse_quiz(text))


def _fill(one: object, **values: object) -> None:
    """Set the fields of a frozen dataclass that takes its arguments in another form."""
    for name, value in values.items():
        object.__setattr__(one, name, value)


@dataclass(frozen=True)
class Lesson:
    """A lesson as its author declares it; the catalogue fills in ``name``, ``title``, ``theory`` and ``module``."""

    covers: tuple[str, ...]
    """Curriculum ids, such as ``("K05",)``."""
    run: Callable[[Lab, Any], None]
    """The experiment: ``run(lab, knobs)``."""
    knobs: type[KnobSet]
    data: tuple[str, ...] = ()
    """Datasets it can learn from, its own first; empty if it makes its data itself."""
    takes_tables: bool = False
    """Whether it can also learn from a table of the user's own that has classes; what it says of its data is of its
    datasets, so its text quotes none of their numbers as if they were of any."""
    after: str = ""
    """Name of the lesson it builds on."""
    minutes: int = 10
    """Reading and running it once."""
    predictions: tuple[Prediction, ...] = ()
    claims: tuple[Claim, ...] = ()
    quiz: tuple[Question, ...] = ()
    exercises: tuple[Exercise | CodeExercise | CommandDrill, ...] = ()
    sources: tuple[str, ...] = ()
    takeaways: tuple[str, ...] = ()
    """What the learner can explain once it is finished: two to four sentences, shown on its end card."""
    show: tuple[str, ...] = ()
    """Panels by name, in this order on the screen: of a picture its name, of a curve that of its metric. The first one
    carries the idea, and is the largest."""
    rows: tuple[str, ...] = ()
    """Rows of the curriculum that the lesson as a whole settles, such as figures that it draws from data."""
    mistakes: tuple[int, ...] = ()
    """Numbers of the curriculum's mistakes that its theory or run settles."""
    allow: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Rules of form that do not fit this lesson, each with the reason; see ``descend verify --form``."""
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

    @property
    def prediction_texts(self) -> tuple[str, ...]:
        """What its predictions ask; texts are what the logbook knows parts of a lesson by."""
        return tuple(prediction.text for prediction in self.predictions)

    @property
    def question_texts(self) -> tuple[str, ...]:
        """What its quiz asks."""
        return tuple(question.text for question in self.quiz)

    @property
    def exercise_texts(self) -> tuple[str, ...]:
        """What its exercises ask."""
        return tuple(exercise.text for exercise in self.exercises)


def is_class_table(shape: DataShape) -> bool:
    """Whether that is a table with classes, which lessons with ``takes_tables`` learn from."""
    return (shape.kind, shape.task) == ("table", "classification")
