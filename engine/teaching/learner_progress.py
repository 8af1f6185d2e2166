"""What the learner has done, lesson by lesson: ``logbook.json`` in the home folder.

Every change reads the file, changes it and replaces it under a lock, so that several shells may be open. A damaged file
is kept aside and a new one begun. Within a lesson the texts of its questions are the keys, so that nothing is lost when
an author changes their order.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from descend.engine.base.errors import DescendError, UsageError, nearest
from descend.engine.base.paths import home, writable
from descend.engine.run.manifest import replace_json
from descend.engine.teaching.lesson import Lesson

FORMAT = 1
PATIENCE = ContextVar("PATIENCE", default=3.0)
"""Seconds to wait for another process that writes; it does so for milliseconds."""
KEPT = 20
"""Runs whose prediction is remembered, of each prediction."""
LONGEST = 100_000
"""Characters kept of the learner's own text."""

T = TypeVar("T")
_troubles: dict[Path, str] = {}
"""What was wrong with a logbook and has not been said yet."""


class Committed(msgspec.Struct):
    """A prediction made before a run; ``right`` is None until it is graded, and where the run cannot tell."""

    given: float
    run: str
    right: bool | None = None
    at: str = ""
    """Local time, ISO 8601 with offset."""


class Answered(msgspec.Struct):
    """Answers to a quiz question: indices of the first and the latest choice."""

    first: int
    latest: int
    first_right: bool
    right: bool
    times: int = 1


class Practice(msgspec.Struct):
    """What was done about an exercise; ``code`` is the learner's own text, ``hints`` how many were revealed."""

    attempts: int = 0
    solved: bool = False
    code: str = ""
    hints: int = 0


class Entry(msgspec.Struct):
    """All about one lesson."""

    opened: int = 0
    runs: int = 0
    predictions: dict[str, list[Committed]] = {}
    quiz: dict[str, Answered] = {}
    exercises: dict[str, Practice] = {}


class _Format(msgspec.Struct):
    format: int = FORMAT


class Book(msgspec.Struct):
    """The file."""

    format: int = FORMAT
    lessons: dict[str, Entry] = {}


@dataclass(frozen=True)
class Progress:
    """How much of a lesson is done: parts are one run, each prediction, each question and each exercise."""

    state: Literal["new", "begun", "finished"]
    done: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.done / self.total


def read(name: str) -> Entry:
    """What was done about the lesson called ``name``; an empty entry if nothing was, or nothing can be read."""
    return read_all().get(name, Entry())


def read_all() -> dict[str, Entry]:
    """`read` for every lesson that has an entry."""
    try:
        try:
            return _read().lessons
        except _Damaged:
            with at_once(), _book() as book:
                return dict(book.lessons)
    except (OSError, DescendError):
        return {}


def trouble() -> str:
    """A sentence if this process found the logbook damaged and has not asked since, else empty."""
    return _troubles.pop(_file(), "")


def progress(lesson: Lesson, entry: Entry | None = None) -> Progress:
    """How much of ``lesson`` is done. A question counts when its latest answer is right, a prediction when it was made,
    right or not."""
    entry = read(lesson.name) if entry is None else entry
    parts = [entry.runs > 0]
    parts += [prediction.text in entry.predictions for prediction in lesson.predictions]
    parts += [(answer := entry.quiz.get(question.text)) is not None and answer.right for question in lesson.quiz]
    parts += [entry.exercises.get(exercise.text, Practice()).solved for exercise in lesson.exercises]
    done = sum(parts)
    begun = done or entry.quiz or entry.exercises
    return Progress("finished" if done == len(parts) else "begun" if begun else "new", done, len(parts))


def opened(lesson: Lesson) -> None:
    """Its screen was opened.

    Raises (as all that follow):
        DescendError: the home folder cannot be written.
    """
    with _entry(lesson) as entry:
        entry.opened += 1


def ran(lesson: Lesson) -> None:
    """A run of it was started."""
    with _entry(lesson) as entry:
        entry.runs += 1


def committed(lesson: Lesson, index: int, given: float, run: str) -> None:
    """The learner predicted ``given`` (a number, or the index of a choice) of ``run``, which starts now."""
    text = lesson.predictions[index].text
    with _entry(lesson) as entry:
        made = [one for one in entry.predictions.get(text, []) if one.run != run]
        made.append(Committed(given=given, run=run, at=time.strftime("%Y-%m-%dT%H:%M:%S%z")))
        entry.predictions[text] = made[-KEPT:]


def graded(lesson: Lesson, index: int, run: str, right: bool | None) -> None:
    """What became of the prediction of ``run``; nothing if none was made."""
    text = lesson.predictions[index].text
    if any(one.run == run for one in read(lesson.name).predictions.get(text, [])):
        with _entry(lesson) as entry:
            for one in entry.predictions.get(text, []):
                if one.run == run:
                    one.right = right


def answered(lesson: Lesson, index: int, choice: int) -> Answered:
    """A quiz question was answered with ``choice``."""
    question = lesson.quiz[index]
    right = choice == question.answer
    with _entry(lesson) as entry:
        before = entry.quiz.get(question.text)
        if before is None:
            answer = Answered(first=choice, latest=choice, first_right=right, right=right)
        else:
            answer = msgspec.structs.replace(before, latest=choice, right=right, times=before.times + 1)
        entry.quiz[question.text] = answer
    return answer


def attempted(lesson: Lesson, index: int, solved: bool, code: str | None = None) -> Practice:
    """An exercise was tried, with the learner's ``code`` if it is one of that kind; once solved, it stays so."""

    def change(practice: Practice) -> None:
        practice.attempts += 1
        practice.solved = practice.solved or solved
        if code is not None:
            practice.code = code[:LONGEST]

    return _practise(lesson, index, change)


def kept(lesson: Lesson, index: int, code: str) -> Practice:
    """Keep the learner's text of an exercise, without an attempt."""

    def change(practice: Practice) -> None:
        practice.code = code[:LONGEST]

    return _practise(lesson, index, change)


def hinted(lesson: Lesson, index: int) -> int:
    """One more hint of an exercise was revealed; returns how many are."""

    def change(practice: Practice) -> None:
        practice.hints = min(practice.hints + 1, len(lesson.exercises[index].hints))

    return _practise(lesson, index, change).hints


def reset(name: str | None = None) -> int:
    """Forget the lesson called ``name``, or all; returns how many lessons were forgotten.

    Raises:
        UsageError: nothing is known of it.
    """
    with _book() as book:
        if name is None:
            count = len(book.lessons)
            book.lessons.clear()
            return count
        if name not in book.lessons:
            raise UsageError(f"The logbook has nothing on '{name}'{nearest(name, book.lessons) or '.'}")
        del book.lessons[name]
    return 1


def export(path: Path) -> None:
    """Write all of it to ``path`` as JSON.

    Raises:
        UsageError: there is a file already.
        DescendError: it cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(Book(lessons=read_all()))) + b"\n"
    try:
        with open(path, "xb") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; choose another name.") from None
    except OSError as error:
        raise DescendError(f"Cannot write {path}: {error.strerror}.") from None


def _file() -> Path:
    return home() / "logbook.json"


def _practise(lesson: Lesson, index: int, change: Callable[[Practice], None]) -> Practice:
    with _entry(lesson) as entry:
        practice = entry.exercises.setdefault(lesson.exercises[index].text, Practice())
        change(practice)
    return practice


class Held(DescendError):
    """Another process has held the logbook for too long."""


@contextmanager
def at_once() -> Iterator[None]:
    """Within it nothing waits longer than a screen may stand still."""
    before = PATIENCE.set(0.05)
    try:
        yield
    finally:
        PATIENCE.reset(before)


class _Damaged(Exception):
    """The file holds no logbook."""


def _read() -> Book:
    """The book as it is on disk, empty if there is none.

    Raises:
        OSError: it is there but cannot be read.
        _Damaged: it cannot be understood.
    """
    try:
        text = _file().read_bytes()
    except FileNotFoundError:
        return Book()
    try:
        if msgspec.json.decode(text, type=_Format).format > FORMAT:
            return Book(format=FORMAT + 1)  # not to be written
        return msgspec.json.decode(text, type=Book)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _Damaged from None


@contextmanager
def _book() -> Iterator[Book]:
    """The book, to be changed; written when the block ends without an error."""
    folder = writable(home(), "DESCEND_HOME")
    try:
        lock = os.open(folder / "logbook.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _wait(lock)
            try:
                book = _read()
            except _Damaged:
                aside = folder / f"logbook.damaged-{time.strftime('%Y%m%d-%H%M%S')}.json"
                _file().rename(aside)
                _troubles[_file()] = f"The logbook was damaged and is kept as {aside}; a new one has been begun."
                book = Book()
            if book.format > FORMAT:
                raise DescendError("The logbook is of a newer format than this descend writes; update descend.")
            yield book
            replace_json(_file(), msgspec.json.encode(book))
        finally:
            os.close(lock)
    except OSError as error:
        raise DescendError(
            f"The logbook cannot be written ({error.strerror}); free some space or set DESCEND_HOME elsewhere."
        ) from None


def _wait(lock: int) -> None:
    """Get the lock, as far as the file system has locks.

    Raises:
        Held: another process has held it for `PATIENCE` seconds.
    """
    with suppress(OSError):
        os.fchmod(lock, 0o600)  # whoever could open it could hold it; an older version let them
    deadline = time.monotonic() + PATIENCE.get()
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Held(
                    f"Another program holds {home() / 'logbook.lock'}, so what you do in lessons is not kept; end it."
                ) from None
        except OSError:  # there are no locks here
            return None
        time.sleep(0.01)


@contextmanager
def _entry(lesson: Lesson) -> Iterator[Entry]:
    with _book() as book:
        yield book.lessons.setdefault(lesson.name, Entry())
