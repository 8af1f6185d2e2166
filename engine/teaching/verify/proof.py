"""The order of a verification: each job is done once, and what they show is told as soon as it is known."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from descend.engine.base.errors import DescendError
from descend.engine.teaching.exercises import CodeCheck
from descend.engine.teaching.lesson import Claim, Lesson
from descend.engine.teaching.verify.bench import RunBench
from descend.engine.teaching.verify.finding import Finding
from descend.engine.teaching.verify.judge import judge_item
from descend.engine.teaching.verify.memory import recall_findings
from descend.engine.teaching.verify.plan import Item, Job, Key, Outcome, plan_lesson


class Proof:
    """Verifies ``lessons``; iterate over it for the findings as they come, those of a lesson one after the other where
    nothing is done at once.

    What was proved before (see `memory`) is not done again if ``remembered``. With ``seeds``, these take the place
    of the lessons' own.

    Attributes:
        total, done: jobs to do, and done so far.
        told: called after each job.
    """

    def __init__(
        self, lessons: Sequence[Lesson], at_once: int = 1, remembered: bool = False, seeds: tuple[int, ...] = ()
    ) -> None:
        self.at_once = at_once
        self.items: list[Item] = []
        self.before: list[Finding] = []
        for lesson in lessons:
            known = recall_findings(lesson) if remembered else {}
            for item in plan_lesson(lesson, seeds):
                kind = "claim" if isinstance(item.subject, Claim) else "exercise"
                if one := known.get((kind, item.number)):
                    self.before.append(one)
                else:
                    self.items.append(item)
        self.jobs = {job.key: job for item in self.items for job in item.jobs.values()}
        self.total, self.done = len(self.jobs), 0
        self.told: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Finding]:
        """Do the jobs and yield a finding for each item. Leaving early, as by ctrl+c, ends what is being done."""
        yield from self.before
        wanted = Counter(job.key for item in self.items for job in item.jobs.values())
        outcomes: dict[Key, Outcome] = {}
        left = list(self.items)
        with tempfile.TemporaryDirectory(prefix="descend-verify-", ignore_cleanup_errors=True) as folder:
            crew = WorkerPool(Path(folder))
            pool = ThreadPoolExecutor(self.at_once)
            try:
                going: dict[Future[Outcome], Key] = {
                    pool.submit(crew.do, job, f"run-{number:05d}"): key
                    for number, (key, job) in enumerate(self.jobs.items())
                }
                while True:
                    for item in [item for item in left if all(job.key in outcomes for job in item.jobs.values())]:
                        left.remove(item)
                        yield judge_item(item, outcomes)
                        for job in item.jobs.values():
                            wanted[job.key] -= 1
                            if not wanted[job.key] and (run := outcomes[job.key].run) is not None:
                                shutil.rmtree(run.folder, ignore_errors=True)
                    if not going:
                        break
                    for future in wait(going, timeout=0.2, return_when=FIRST_COMPLETED).done:
                        outcomes[going.pop(future)] = future.result()
                        self.done += 1
                        self.told()
            finally:
                crew.close()
                pool.shutdown(cancel_futures=True)


class WorkerPool:
    """Does jobs, each thread on a bench of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._local = threading.local()
        self._at_work: list[RunBench | CodeCheck] = []
        self._lock = threading.Lock()
        self._closed = False

    def do(self, job: Job, name: str) -> Outcome:
        """Do ``job``; whatever goes wrong is its outcome."""
        began, outcome = time.monotonic(), Outcome()
        try:
            if job.manifest is not None:
                if not hasattr(self._local, "bench"):
                    self._local.bench = RunBench(self._folder)
                    self._enlist(self._local.bench)
                self._local.bench.start()
                began = time.monotonic()  # starting up is no part of the run
                outcome.run = self._local.bench.run(job.manifest, name)
            elif job.commands is not None:
                outcome.verdict = job.commands()
            elif job.code is not None:
                check = CodeCheck(*job.code)
                self._enlist(check)
                outcome.verdict = check.wait()
        except DescendError as error:
            outcome.problem = str(error)
        except Exception as error:
            outcome.problem = f"It could not be done: {type(error).__name__}: {error}"
        outcome.seconds = time.monotonic() - began
        return outcome

    def close(self) -> None:
        """End what is being done, and begin nothing more."""
        with self._lock:
            self._closed = True
            at_work = list(self._at_work)
        for one in at_work:
            self._end(one)

    def _enlist(self, one: RunBench | CodeCheck) -> None:
        with self._lock:
            self._at_work.append(one)
            closed = self._closed
        if closed:
            self._end(one)

    @staticmethod
    def _end(one: RunBench | CodeCheck) -> None:
        if isinstance(one, RunBench):
            one.close()
        else:
            one.cancel()
