"""What a person should know about the run that no curve shows: a failure and what to try, or the latest note."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.tui.cell_text import plain
from descend.tui.run_monitor import RunSession

GO_ON = "All it recorded is kept; space takes the run up again from its newest checkpoint."
LOG = "w shows the worker's log."


class Banner(VerticalScroll, can_focus=False):
    """Hidden while there is nothing to say."""

    DEFAULT_CSS = """
    Banner {
        height: auto; max-height: 9; display: none; padding: 0 1;
        &.-note { display: block; color: $text-muted; }
        &.-bad { display: block; background: $error-muted; color: $foreground; border-left: thick $error; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, session: RunSession | None) -> None:
        """Say what there is to say about the run."""
        said = news(session) if session is not None else []
        if said == self._said:
            return
        self._said = said
        bad = session is not None and session.phase in ("failed", "dead", "unsaved")
        content = Table.grid(padding=(0, 1, 0, 0))
        for number, sentence in enumerate(said):
            mark = "✗" if bad and number == 0 else "·"
            content.add_row(mark, Text(sentence, "bold" if bad and number == 0 else ""))
        self.query_one(Static).update(content)
        self.set_class(bool(said) and bad, "-bad")
        self.set_class(bool(said) and not bad, "-note")
        self.scroll_home(animate=False)


def news(session: RunSession) -> list[str]:
    """The failure and what to try, or all warnings and the latest note; nothing if there are none."""
    history = session.history
    if session.phase == "dead":
        from descend.engine.run.summary import death

        where = f"step {history.progress.step:,}" if history.progress is not None else "its beginning"
        return [plain(death(session.run, where)), GO_ON, LOG]
    if session.phase == "failed":
        if history.failure is None:
            return ["The run failed.", LOG]
        return [plain(history.failure.title), *map(plain, history.failure.advice), LOG]
    if session.phase == "unsaved" and history.status is not None:
        return [plain(history.status.message), GO_ON, LOG]
    *earlier, last = [plain(note.text) for note in history.notes] or [""]
    return [*(text for text in earlier if text.startswith("Warning: ")), *([last] if last else [])]
