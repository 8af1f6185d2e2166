"""``descend verify --form``: what falls short of the form of lessons, without or with short runs."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    from descend.engine.teaching.form import Shortcoming
    from descend.engine.teaching.form.smoke import Smoke
    from descend.engine.teaching.lesson import Lesson


def print_form(arguments: argparse.Namespace, lessons: Sequence[Lesson], at_once: int) -> int:
    """Print what falls short of the form of ``lessons``; return 1 if something does."""
    from descend.engine.teaching import catalogue
    from descend.engine.teaching.form import check_form, check_tracks

    known = catalogue.list_lessons()
    names = {lesson.name for lesson in lessons}
    short = [one for lesson in lessons for one in check_form(lesson, known)]
    short += [one for one in check_tracks(list(known.values())) if one.lesson in names]
    count = print_shortcomings(short, arguments.json)
    if arguments.smoke:
        for found in run_smoke(lessons, at_once, arguments.again):
            count += print_shortcomings(found, arguments.json)
    if arguments.json:
        print(json.dumps({"status": "short" if count else "held", "lessons": len(lessons), "short": count}))
    elif not count:
        print(f"No problems of form in {len(lessons)} lessons.")
    return 1 if count else 0


def print_shortcomings(short: Sequence[Shortcoming], as_json: bool) -> int:
    """Print shortcomings in the order of files and lines; return how many there are."""
    for one in sorted(short, key=lambda one: (one.file, one.line)):
        if as_json:
            print(json.dumps(one.to_json()), flush=True)
        else:
            print(clean(f"{one.file}:{one.line}: {one.rule}: {one.why}"), flush=True)
    return len(short)


def run_smoke(lessons: Sequence[Lesson], at_once: int, again: bool) -> Iterator[list[Shortcoming]]:
    """What the short runs of each of ``lessons`` show, as soon as it is known; those that were found sound before are
    passed over, unless ``again``."""
    from descend.engine.teaching.form.check import excuse
    from descend.engine.teaching.form.runs import check_runs
    from descend.engine.teaching.form.shortcoming import LessonText
    from descend.engine.teaching.form.smoke_memory import recall_passed, remember_passed
    from descend.tui.panels.fitting import check_drawing

    before = set() if again else recall_passed(lessons)
    for lesson, found in try_lessons([lesson for lesson in lessons if lesson.name not in before], at_once):
        if isinstance(found, DescendError):
            print(clean(f"descend: the runs of '{lesson.name}' are left out: {found}"), file=sys.stderr)
            continue
        if not found.timed:
            print(f"descend: the machine is busy, so the times of '{lesson.name}' are not judged.", file=sys.stderr)
        text = LessonText(lesson)
        short = list(check_runs(text, found))
        if not found.default.problem:
            short += check_drawing(text, found.default.history)
        short = excuse(lesson, short)
        if found.timed or short:
            remember_passed([] if short else [lesson], [lesson] if short else [])
        yield short


def try_lessons(lessons: Sequence[Lesson], at_once: int) -> Iterator[tuple[Lesson, Smoke | DescendError]]:
    """The short runs of ``lessons``, ``at_once`` of them beside each other; or why there are none."""
    from descend.engine.teaching.form.runs import LONGEST
    from descend.engine.teaching.form.smoke import SmokeBench

    with tempfile.TemporaryDirectory(prefix="descend-smoke-", ignore_cleanup_errors=True) as folder:
        benches = [SmokeBench(Path(folder) / str(number)) for number in range(min(at_once, len(lessons)))]
        free = list(benches)

        def do(lesson: Lesson) -> Smoke | DescendError:
            bench = free.pop()
            try:
                return bench.smoke(lesson, LONGEST)
            except DescendError as error:
                return error
            finally:
                free.append(bench)

        pool = ThreadPoolExecutor(max(1, len(benches)))
        try:
            yield from zip(lessons, pool.map(do, lessons), strict=True)
        finally:
            for bench in benches:
                bench.bench.close()
            pool.shutdown(cancel_futures=True)
