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

from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.files import advise, read_user_file, write_new
from descend.engine.base.paths import home, make_writable
from descend.engine.run.manifest import replace_json
from descend.engine.teaching import review_schedule
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.outline import Outline
from descend.engine.teaching.review_schedule import ReviewSchedule

FORMAT = 2
"""1 had no schedules; who writes it would lose them."""
PATIENCE = ContextVar("PATIENCE", default=3.0)
"""Seconds to wait for another process that writes; it does so for milliseconds."""
KEPT = 20
"""Runs whose prediction is remembered, of each prediction."""
MAX_SIZE = 1 << 27
"""Bytes of a logbook, at most."""
LONGEST = 100_000
"""Characters kept of the learner's own text."""

T = TypeVar("T")
_troubles: dict[Path, str] = {}
"""What was wrong with a logbook and has not been said yet."""


class CommittedPrediction(msgspec.Struct):
    """A prediction made before a run; ``right`` is None until it is graded, and where the run cannot answer this."""

    given: float
    run: str
    right: bool | None = None
    at: str = ""
    """Local time, ISO 8601 with offset."""


class AnsweredQuestion(msgspec.Struct):
    """Answers to a quiz question: indices of the first and the latest choice, and when it is asked again."""

    first: int
    latest: int
    first_right: bool
    right: bool
    times: int = 1
    once_right: bool = False
    """Whether an answer between the first and the latest was right."""
    schedule: ReviewSchedule | None = None

    @property
    def settled(self) -> bool:
        """Whether any answer was right: what the lesson counts, so that a later slip takes nothing away."""
        return self.first_right or self.once_right or self.right


class ExerciseAttempt(msgspec.Struct):
    """What was done about an exercise; ``code`` is the learner's own text, ``hints`` how many were revealed."""

    attempts: int = 0
    solved: bool = False
    code: str = ""
    hints: int = 0


class LessonEntry(msgspec.Struct):
    """All about one lesson; ``opened_at`` is Unix time."""

    opened: int = 0
    opened_at: float = 0.0
    runs: int = 0
    predictions: dict[str, list[CommittedPrediction]] = {}
    quiz: dict[str, AnsweredQuestion] = {}
    exercises: dict[str, ExerciseAttempt] = {}


class _Format(msgspec.Struct):
    format: int = FORMAT


class ProgressFile(msgspec.Struct):
    """The file."""

    format: int = FORMAT
    lessons: dict[str, LessonEntry] = {}


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


def read_entry(name: str) -> LessonEntry:
    """What was done about the lesson called ``name``; an empty entry if nothing was, or nothing can be read."""
    return read_entries().get(name, LessonEntry())


def read_entries() -> dict[str, LessonEntry]:
    """`read_entry` for every lesson that has an entry."""
    try:
        try:
            return _read_file().lessons
        except _DamagedFile:
            with wait_briefly(), _change_file() as book:
                return dict(book.lessons)
    except (OSError, DescendError):
        return {}


def find_trouble() -> str:
    """A sentence if this process found the logbook damaged and has not asked since, else empty."""
    return _troubles.pop(_find_file(), "")


def measure_progress(lesson: Lesson | Outline, entry: LessonEntry | None = None) -> Progress:
    """How much of ``lesson`` is done. A question counts when any answer was right, a prediction when it was made, right
    or not."""
    entry = read_entry(lesson.name) if entry is None else entry
    parts = [entry.runs > 0]
    parts += [text in entry.predictions for text in lesson.prediction_texts]
    parts += [(answer := entry.quiz.get(text)) is not None and answer.settled for text in lesson.question_texts]
    parts += [entry.exercises.get(text, ExerciseAttempt()).solved for text in lesson.exercise_texts]
    done = sum(parts)
    begun = done or entry.quiz or entry.exercises
    return Progress("finished" if done == len(parts) else "begun" if begun else "new", done, len(parts))


def record_opening(lesson: Lesson) -> None:
    """Its screen was opened.

    Raises (as all that follow):
        DescendError: the home folder cannot be written.
    """
    with _find_entry(lesson) as entry:
        entry.opened += 1
        entry.opened_at = time.time()


def record_run(lesson: Lesson) -> None:
    """A run of it was started."""
    with _find_entry(lesson) as entry:
        entry.runs += 1


def record_prediction(lesson: Lesson, index: int, given: float, run: str = "") -> None:
    """The learner predicted ``given`` (a number, or the index of a choice) of ``run``, which starts now; without a name
    of the next one, whichever that is."""
    text = lesson.predictions[index].text
    with _find_entry(lesson) as entry:
        made = [one for one in entry.predictions.get(text, []) if one.run not in ("", run)]
        made.append(CommittedPrediction(given=given, run=run, at=time.strftime("%Y-%m-%dT%H:%M:%S%z")))
        entry.predictions[text] = made[-KEPT:]


def record_grade(lesson: Lesson, index: int, run: str, right: bool | None) -> None:
    """What became of the prediction of ``run``; nothing if none was made."""
    text = lesson.predictions[index].text
    if any(one.run == run for one in read_entry(lesson.name).predictions.get(text, [])):
        with _find_entry(lesson) as entry:
            for one in entry.predictions.get(text, []):
                if one.run == run:
                    one.right = right


def record_answer(lesson: Lesson, index: int, choice: int) -> AnsweredQuestion:
    """A quiz question was answered with ``choice``."""
    question = lesson.quiz[index]
    right, today = choice == question.answer, review_schedule.read_today()
    with _find_entry(lesson) as entry:
        before = entry.quiz.get(question.text)
        if before is None:
            answer = AnsweredQuestion(first=choice, latest=choice, first_right=right, right=right)
        else:
            answer = msgspec.structs.replace(
                before, latest=choice, right=right, times=before.times + 1, once_right=before.settled
            )
        answer.schedule = review_schedule.schedule_review(question, answer.schedule, right, today)
        entry.quiz[question.text] = answer
    return answer


def record_attempt(lesson: Lesson, index: int, solved: bool, code: str | None = None) -> ExerciseAttempt:
    """An exercise was tried, with the learner's ``code`` if it is one of that kind; once solved, it stays so."""

    def change(practice: ExerciseAttempt) -> None:
        practice.attempts += 1
        practice.solved = practice.solved or solved
        if code is not None:
            practice.code = code[:LONGEST]

    return _change_attempt(lesson, index, change)


def keep_code(lesson: Lesson, index: int, code: str) -> ExerciseAttempt:
    """Keep the learner's text of an exercise, without an attempt."""

    def change(practice: ExerciseAttempt) -> None:
        practice.code = code[:LONGEST]

    return _change_attempt(lesson, index, change)


def record_hint(lesson: Lesson, index: int) -> int:
    """One more hint of an exercise was revealed; returns how many are."""

    def change(practice: ExerciseAttempt) -> None:
        practice.hints = min(practice.hints + 1, len(lesson.exercises[index].hints))

    return _change_attempt(lesson, index, change).hints


def reset_progress(name: str | None = None) -> int:
    """Forget the lesson called ``name``, or all; returns how many lessons were forgotten.

    Raises:
        UsageError: nothing is known of it.
    """
    with _change_file() as book:
        if name is None:
            count = len(book.lessons)
            book.lessons.clear()
            return count
        if name not in book.lessons:
            raise UsageError(f"The logbook has nothing on '{name}'{suggest_nearest(name, book.lessons) or '.'}")
        del book.lessons[name]
    return 1


def export_progress(path: Path) -> None:
    """Write all of it to ``path`` as JSON.

    Raises:
        UsageError: there is a file already.
        DescendError: it cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(ProgressFile(lessons=read_entries()))) + b"\n"
    write_new(path, text)


def _find_file() -> Path:
    return home() / "logbook.json"


def _change_attempt(lesson: Lesson, index: int, change: Callable[[ExerciseAttempt], None]) -> ExerciseAttempt:
    with _find_entry(lesson) as entry:
        practice = entry.exercises.setdefault(lesson.exercises[index].text, ExerciseAttempt())
        change(practice)
    return practice


class ProgressLocked(DescendError):
    """Another process has locked the logbook for too long."""


@contextmanager
def wait_briefly() -> Iterator[None]:
    """Within it nothing waits longer than a screen may freeze."""
    before = PATIENCE.set(0.05)
    try:
        yield
    finally:
        PATIENCE.reset(before)


class _DamagedFile(Exception):
    """The file is not a logbook."""


def _read_file() -> ProgressFile:
    """The book as it is on disk, empty if there is none.

    Raises:
        OSError: it is there but cannot be read.
        _Damaged: it cannot be understood.
    """
    try:
        text = read_user_file(_find_file(), MAX_SIZE)
    except FileNotFoundError:
        return ProgressFile()
    try:
        if msgspec.json.decode(text, type=_Format).format > FORMAT:
            return ProgressFile(format=FORMAT + 1)  # not to be written
        return msgspec.json.decode(text, type=ProgressFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _DamagedFile from None


@contextmanager
def _change_file() -> Iterator[ProgressFile]:
    """The book, to be changed; written when the block ends without an error."""
    folder = make_writable(home(), "DESCEND_HOME")
    try:
        lock = os.open(folder / "logbook.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _wait_for_lock(lock)
            try:
                book = _read_file()
            except _DamagedFile:
                aside = folder / f"logbook.damaged-{time.strftime('%Y%m%d-%H%M%S')}.json"
                _find_file().rename(aside)
                _troubles[_find_file()] = f"The logbook was damaged and is kept as {aside}; a new one has been begun."
                book = ProgressFile()
            if book.format > FORMAT:
                raise DescendError("The logbook is of a newer format than this descend writes; update descend.")
            yield book
            book.format = FORMAT
            replace_json(_find_file(), msgspec.json.encode(book))
        finally:
            os.close(lock)
    except OSError as error:
        raise DescendError(
            f"The logbook cannot be written ({error.strerror}); {advise(error, f'look at {_find_file()}')}, or set "
            "DESCEND_HOME to another folder."
        ) from None


def _wait_for_lock(lock: int) -> None:
    """Get the lock, if the file system has locks.

    Raises:
        Held: another process has held it for `PATIENCE` seconds.
    """
    with suppress(OSError):
        os.fchmod(lock, 0o600)  # any process that could open it could lock it; an older version let them
    deadline = time.monotonic() + PATIENCE.get()
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ProgressLocked(
                    f"Another program holds {home() / 'logbook.lock'}, so what you do in lessons is not kept; end it."
                ) from None
        except OSError:  # there are no locks here
            return None
        time.sleep(0.01)


@contextmanager
def _find_entry(lesson: Lesson) -> Iterator[LessonEntry]:
    with _change_file() as book:
        yield book.lessons.setdefault(lesson.name, LessonEntry())
