"""A lesson with every part, written where a user's own lessons are, for tests that learn from it."""

from __future__ import annotations

from pathlib import Path

from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson

TEXT = '''"""Practice: the root of two, [bold]by hand[/bold]

How fast does [a guess] become the square root of two?

**Newton's way.** Take the mean of the guess and two divided by it:

    g ← (g + 2/g) / 2

**Watch** the error: its digits double at every step.
"""

from descend.engine.teaching.lesson import (
    CodeExercise, Exercise, KnobSet, Lesson, Prediction, Wrong, knob, knob_value, last, quiz,
)


class Knobs(KnobSet):
    guess: float = knob(10.0, 0.01, 1000.0, scale="log", help="where it starts")
    steps: int = knob(60, 1, 200, help="steps it takes")
    damping: float = knob(1.0, 0.1, 1.0, live=True, help="share of each step that is taken")
    rule: str = knob("newton", choices=("newton", "halving"), live=True, help="how the next guess is found")


def run(lab, k):
    guess = k.guess
    for _ in lab.steps(k.steps):
        better = (guess + 2 / guess) / 2  # key: the mean of one guess below the root and one above it
        guess += k.damping * (better - guess)
        lab.scalars({"train/loss": abs(guess - 2**0.5)})  # key: [the error], which the curve shows


def mean(numbers):
    """The mean of a list of numbers."""
    return sum(numbers) / len(numbers)


def check_mean(mean):
    if mean([1, 2, 3]) != 2:
        raise Wrong(f"The mean of [1, 2, 3] is 2, yours is {mean([1, 2, 3])}.")


LESSON = Lesson(
    covers=("A01",),
    run=run,
    knobs=Knobs,
    minutes=3,
    predictions=(
        Prediction(
            "Where does the error end?",
            choices={"below 0.1": last("train/loss") < 0.1, "at [0.1] or above": last("train/loss") >= 0.1},
            why="Each step squares it.",
        ),
        Prediction("After how many steps is the last point?", lambda r: r.steps("train/loss")[-1] + 1, "It counts."),
        Prediction("How large is the [test] error?", lambda r: None, "Nothing is tested.", within=0.5),
    ),
    quiz=quiz("""
        ? What is the root of 4?
        - 1
        + [b]2[/b]
        - 3
        = 2 times 2 is 4.
        ? What is the root of 9?
        + 3
        - 4
        = 3 times 3 is 9.
        @ digits
        ? Which way is it?
        + Newton's
        - Euler's
        = It is named after [Newton].
    """),
    exercises=(
        Exercise(
            "Let it [begin] at two.",
            knob_value("guess") <= 2,
            solution={"guess": 2.0},
            hints=("Turn [guess].", "To 2."),
        ),
        CodeExercise(
            "Fix the mean of a [list].",
            mean,
            check_mean,
            broken={"/ len(numbers)": "/ (len(numbers) - 1)"},
            hints=("How many are there?",),
        ),
    ),
    sources=("Heron of Alexandria: Metrica",),
)
'''


def install(home: Path, text: str = TEXT, name: str = "practice") -> Lesson:
    """Put the lesson among the user's own and return it as the catalogue has it."""
    folder = home / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return catalogue.find_lesson(name)
