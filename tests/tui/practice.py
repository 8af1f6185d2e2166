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

from descend.engine.teaching.lesson import CodeExercise, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs


@knobs
class Knobs:
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


def final(result):
    return 0 if result.last("train/loss") < 0.1 else 1


def mean(numbers):
    """The mean of a list of numbers."""
    return sum(numbers) / (len(numbers) - 1)


def mean_solved(numbers):
    """The mean of a list of numbers."""
    return sum(numbers) / len(numbers)


def check_mean(mean):
    if mean([1, 2, 3]) != 2:
        raise Wrong(f"The mean of [1, 2, 3] is 2, yours is {mean([1, 2, 3])}.")


def starts_near(result):
    if result.knobs["guess"] > 2:
        raise Wrong(f"It starts at {result.knobs['guess']:g}; start at 2 or below.")


LESSON = Lesson(
    covers=("A01",),
    run=run,
    knobs=Knobs,
    minutes=3,
    predictions=(
        Prediction(
            "Where does the error end?", final, "Each step squares it.", choices=("below 0.1", "at [0.1] or above")
        ),
        Prediction("After how many steps is the last point?", lambda r: r.steps("train/loss")[-1] + 1, "It counts."),
        Prediction("How large is the [test] error?", lambda r: None, "Nothing is tested.", within=0.5),
    ),
    quiz=(
        Question("What is the root of 4?", ("1", "[b]2[/b]", "3"), 1, "2 times 2 is 4."),
        Question("What is the root of 9?", ("3", "4"), 0, "3 times 3 is 9.", lesson="digits"),
        Question("Which way is it?", ("Newton's", "Euler's"), 0, "It is named after [Newton]."),
    ),
    exercises=(
        Exercise("Let it [begin] at two.", starts_near, {"guess": 2.0}, hints=("Turn [guess].", "To 2.")),
        CodeExercise("Mend the mean of a [list].", mean, mean_solved, check_mean, hints=("How many are there?",)),
    ),
    sources=("Heron of Alexandria: Metrica",),
)
'''


def install(home: Path, text: str = TEXT, name: str = "practice") -> Lesson:
    """Put the lesson among the user's own and return it as the catalogue has it."""
    folder = home / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return catalogue.find(name)
