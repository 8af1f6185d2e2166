"""What the short runs of a lesson have to show: no knob fails or does nothing, panels are there, films end at the end,
and the first run is quick and small."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from descend.engine.base.errors import DescendError
from descend.engine.run.history import History
from descend.engine.run.records import Images, Picture
from descend.engine.teaching.exercises.judging import find_true_answer
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.form.smoke import Smoke, SmokeRun

FIRST, LONGEST, LARGEST = 1.0, 30.0, 20e6
"""Seconds until the first record, seconds and bytes of the run that a learner begins with, at most."""
FRAMES = 3
"""Pictures of one name from which on they are a film."""
NUMBERED = re.compile(r"step ([\d,]+)")


def check_runs(text: LessonText, smoke: Smoke) -> Iterator[Shortcoming]:
    """Rules ``fails``, ``idle``, ``panel``, ``film``, ``first``, ``slow``, ``size`` and ``answer``."""
    for run, told in ((smoke.default, "with its default knobs"), (smoke.brief, "with the knobs of smoke=")):
        if run.problem:
            yield text.report("fails", f"Run {told}: {run.problem}", "LESSON =")
    for end in smoke.ends:
        at = f"Knob '{end.knob}' at its end {end.value}"
        if end.problem:
            yield text.report("fails", f"{at}: {end.problem}", f"    {end.knob}:")
        elif not end.changed:
            yield text.report("idle", f"{at} leaves every panel as it was.", f"    {end.knob}:")
    if not smoke.default.problem:
        yield from _check_default(text, smoke.default, smoke.timed)
        yield from _check_answers(text, smoke.default)
        yield from _check_shown(text, list_panels(smoke.default.history) | list_panels(smoke.brief.history))
    if smoke.brief.whole:
        yield from _check_films(text, smoke.brief.history)


def _check_default(text: LessonText, run: SmokeRun, timed: bool) -> Iterator[Shortcoming]:
    if run.first is None or (timed and run.first > FIRST):
        when = "never" if run.first is None else f"after {run.first:.1f} s"
        yield text.report("first", f"Its first record comes {when}; within {FIRST:g} s is asked for.", "def run(")
    if timed and (run.seconds > LONGEST or not (run.whole or run.history.failure)):
        took = f"{run.seconds:.0f} s{'' if run.whole else ' and more'}"
        yield text.report("slow", f"Its default run takes {took}; at most {LONGEST:g} s is asked for.", "def run(")
    if run.size > LARGEST:
        why = f"Its run folder has {run.size / 1e6:.1f} MB; at most {LARGEST / 1e6:g} MB are asked for."
        yield text.report("size", why, "def run(")


def _check_answers(text: LessonText, run: SmokeRun) -> Iterator[Shortcoming]:
    """The learner's first run, with the defaults and the usual seed, answers every prediction."""
    if run.result is None or not run.whole:
        return
    for prediction in text.lesson.predictions:
        try:
            answered = find_true_answer(prediction, run.result) is not None
        except DescendError:
            answered = False
        if not answered:
            why = f"Its default run does not answer the prediction '{prediction.text}'"
            yield text.report("answer", why, "predictions=")


def _check_shown(text: LessonText, there: set[str]) -> Iterator[Shortcoming]:
    for name in text.lesson.show:
        if name not in there:
            why = f"show= names '{name}', and a run has no such panel; it has {', '.join(sorted(there))}."
            yield text.report("panel", why, "show=")


def list_panels(history: History) -> set[str]:
    """The names by which `Lesson.show` knows the panels of a run: those of its pictures and of its metrics."""
    return {name.rpartition("/")[2] for name in history.series} | {
        name.partition("/")[2] or name for name in history.pictures
    }


def _check_films(text: LessonText, history: History) -> Iterator[Shortcoming]:
    """What is shown every so many steps is shown at the end of its loop too, which is where a curve, another picture or
    the run ends; and the last image of a strip is that of the last step."""
    lasts = {name: pictures[-1].step for name, pictures in history.pictures.items()}
    lasts |= {name: int(series.steps[-1]) for name, series in history.series.items() if series.size}
    for name, pictures in history.pictures.items():
        last, title = lasts[name], name.partition("/")[2] or name
        yield from _check_strip(text, title, pictures)
        ends = [end for other, end in lasts.items() if other != name and end >= last - 1]
        if len(pictures) < FRAMES or min(ends, default=last) <= last + 1:
            continue
        every = max(after.step - before.step for before, after in itertools.pairwise(pictures))
        if min(ends) - last < every:
            why = f"Panel '{title}' is last shown at step {last}, and its loop continues to step {min(ends)}."
            yield text.report("film", why, title)


def _check_strip(text: LessonText, title: str, pictures: Sequence[Picture]) -> Iterator[Shortcoming]:
    """Where captions count steps, perhaps those of a loop that is not the first, the last one is as near to the step of
    its picture as the first one was."""
    counted = [found for picture in pictures if (found := _read_steps(picture))]
    if len(counted) < 2 or len(counted[-1]) < FRAMES or len(counted) < len(pictures):
        return
    first, last = (pictures[place].step - counted[place][-1] for place in (0, -1))
    if last > first + 1:
        step = pictures[-1].step - first
        why = f"The last frame of '{title}' is of step {counted[-1][-1]}, and its picture of step {step}."
        yield text.report("film", why, title)


def _read_steps(picture: Picture) -> list[int]:
    """The steps that the captions of images name, if all do."""
    captions = picture.captions if isinstance(picture, Images) else []
    steps = [int(found[1].replace(",", "")) for one in captions if (found := NUMBERED.fullmatch(one.strip()))]
    return steps if len(steps) == len(captions) else []
