"""What can be done to runs from their table: asked in a box, done in a thread, told when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size
from descend.engine.launch import experiment
from descend.engine.train.export_forms import HOLDS
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Answer, QuestionScreen
from descend.tui.screens.runs.detail import checkpoints
from descend.tui.screens.runs.export import Export, ExportScreen
from descend.tui.screens.runs.fork import Fork, ForkScreen
from descend.tui.screens.runs.model_export import ModelExportScreen
from descend.tui.screens.runs.naming import Field, NamingScreen
from descend.tui.screens.runs.run_row import RunRow

if TYPE_CHECKING:
    from descend.engine.run.runs import Run
    from descend.tui.screens.runs.screen import RunsScreen

NAMED = 8
"""Runs a question names."""
Result = TypeVar("Result")


class RunActions:
    """Does to runs what the user asks for, for their screen.

    Attributes:
        doing: what is being done now, in words.
    """

    def __init__(self, screen: RunsScreen) -> None:
        self.screen = screen
        self.doing: dict[object, str] = {}

    def resume(self, entry: RunRow) -> None:
        """Resume a run."""
        run = entry.run

        def resume() -> None:
            from descend.engine.launch import launcher

            launcher.resume_run(run, self.screen.shell.launch)

        def resumed(_: None) -> None:
            self.screen.shell.followed[run.id] = run
            self._say(f"{run.id} resumes.")
            self.screen.look()

        self._do(f"resuming {plain(run.id)}…", resume, resumed)

    def fork(self, entry: RunRow) -> None:
        """Ask what to change, then start the fork and open it."""
        run, steps, shell = entry.run, checkpoints(entry), self.screen.shell
        if entry.manifest is None or not steps:
            return
        try:
            lesson = experiment.find(entry.manifest.name)
        except DescendError as error:
            shell.complain(error)
            return

        def fork(chosen: Fork) -> Run:
            from descend.engine.launch import launcher

            new = launcher.fork_run(run, chosen.step, chosen.knobs)
            shell.launch(new)
            return new

        def forked(new: Run) -> None:
            box.forget()
            shell.followed[new.id] = new
            if self.screen.is_current:
                shell.open_run(new)

        def asked(chosen: Fork | None) -> None:
            if chosen is not None:
                self._do("starting the fork…", lambda: fork(chosen), forked)

        shell.warm_up()
        box = ForkScreen(run.id, lesson, steps, steps[-1] if entry.state == "done" else None)
        shell.push_screen(box, asked)

    def name(self, entry: RunRow, field: Field) -> None:
        """Ask for title and note, beginning with ``field``."""

        def asked(fields: dict[str, str] | None) -> None:
            from descend.engine.run import runs

            changed = {name: text for name, text in (fields or {}).items() if text != getattr(entry, name)}
            if changed:
                self._do("saving…", lambda: runs.amend_manifest(entry.run, **changed), self._look)

        self.screen.shell.push_screen(NamingScreen(entry, field), asked)

    def export(self, entry: RunRow) -> None:
        """Ask for format and place, then write; a model in a box that says how far it is."""

        def written(chosen: Export) -> str:
            from descend.engine.run.export import export_run

            return str(export_run(entry.run, chosen.format, chosen.path))

        def asked(chosen: Export | None) -> None:
            if chosen is not None and chosen.format in HOLDS:
                self.screen.shell.push_screen(ModelExportScreen(entry.run, chosen), left)
            elif chosen is not None:
                self._do("exporting…", lambda: written(chosen), told)

        def left(done: bool | None) -> None:
            if done:
                box.forget()

        def told(path: str) -> None:
            box.forget()
            self._say(f"Written: {path}")

        box = ExportScreen(entry.run)
        self.screen.shell.push_screen(box, asked)

    def delete(self, chosen: list[RunRow]) -> None:
        """Delete runs after asking; those at work stay."""
        live = [entry for entry in chosen if entry.live]
        ended = [entry for entry in chosen if not entry.live]
        if live and not ended:
            them, work = ("it", "is") if len(live) == 1 else ("them", "are")
            self._say(f"{names(live, ', ')} {work} at work; open {them} and press x to stop {them} first.", "warning")
        if not ended:
            return
        what = f"{len(ended)} runs" if len(ended) > 1 else "this run"
        text = names(ended, "\n")
        if live:
            text += f"\n\nAt work, and not deleted: {names(live, ', ')}."
        answer = Answer("y", "delete", f"Delete {what} for good, {format_size(sum(entry.size for entry in ended))}")

        def asked(answer: str | None) -> None:
            if answer:
                self._do("deleting…", lambda: delete([entry.run for entry in ended]), self._look)

        self.screen.shell.push_screen(QuestionScreen(f"Delete {what}?", text, [answer]), asked)

    def _do(self, doing: str, deed: Callable[[], Result], then: Callable[[Result], object]) -> None:
        """Do ``deed`` in a thread while the heading says ``doing``, then continue here; what goes wrong is shown."""
        app, shell, it = self.screen.app, self.screen.shell, object()
        self.doing[it] = doing
        shell.starting.add(it)
        self.screen.told_later()

        def over(call: Callable[..., object], given: object) -> None:
            del self.doing[it]
            call(given)
            shell.starting.discard(it)
            self.screen.told_later()

        def carry_out() -> None:
            try:
                result = deed()
            except DescendError as error:
                app.call_from_thread(over, shell.complain, error)
            else:
                app.call_from_thread(over, then, result)

        self.screen.run_worker(carry_out, thread=True, exit_on_error=False, group="deeds")

    def _look(self, _: object) -> None:
        self.screen.look()

    def _say(self, sentence: str, severity: str = "information") -> None:
        self.screen.notify(plain(sentence), severity=severity, timeout=8, markup=False)  # type: ignore[arg-type]


def names(entries: list[RunRow], between: str) -> str:
    """Ids and titles of the first few, and how many more there are."""
    listed = [plain(f"{entry.id}  {entry.title}").strip() for entry in entries[:NAMED]]
    if len(entries) > NAMED:
        listed.append(f"and {len(entries) - NAMED} more")
    return between.join(listed)


def delete(chosen: list[Run]) -> None:
    """Delete all that can be deleted.

    Raises:
        DescendError: the first that could not.
    """
    from descend.engine.run import runs

    failed: DescendError | None = None
    for run in chosen:
        try:
            runs.delete_run(run)
        except DescendError as error:
            failed = failed or error
    if failed is not None:
        raise failed
