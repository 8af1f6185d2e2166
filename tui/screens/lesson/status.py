"""The lines around a lesson and its run: the title, where the run is, and what no curve shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from descend.tui.cell_text import fit, plain
from descend.tui.draw.ticks import duration, speed
from descend.tui.keymap import show_key, tell_keys
from descend.tui.run_monitor import RunMonitor
from descend.tui.state_marks import MARKS, STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen

    from descend.engine.diagnosis.finding import Finding
    from descend.tui.panels.replay import Replay


GAP = "  "
IDLE = "{space} runs the experiment, {e} changes its knobs"
FIRST = "{space} asks what you expect, {space} again runs the experiment"


class Part(NamedTuple):
    """A piece of the line; where there is no room for all, it is ``short``, if that is given, then those of the highest
    ``rank`` go first."""

    rank: int
    text: str
    short: str = ""


class StatusLine(Widget):
    """State, device, step, epoch, speed, time gone and time left of a run."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"status--{name}" for name in ("text", "rest", "good", "warning", "bad")}
    DEFAULT_CSS = """
    StatusLine {
        height: 2; padding: 0 1; background: $surface;
        & > .status--text { color: $foreground; }
        & > .status--rest { color: $foreground 30%; }
        & > .status--good { color: $text-success; text-style: bold; }
        & > .status--warning { color: $text-warning; text-style: bold; }
        & > .status--bad { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._state, self._word, self._fraction = "idle", "idle", 0.0
        self._parts: list[Part] = []

    def show(
        self,
        session: RunMonitor | None,
        *,
        device: str = "",
        starting: bool = False,
        replay: Replay | None = None,
        findings: Sequence[Finding] = (),
        predict: bool = False,
    ) -> None:
        """Say where the run is.

        Args:
            session: the run, None before the first.
            device: what was asked for, as long as the run has not said what it got.
            starting: whether a new run is being prepared.
            replay: where the run is looked back at.
            findings: what ails the run.
            predict: whether space asks for predictions before it runs.
        """
        now: tuple[str, str, list[Part], float]
        if starting:
            now = ("starting", "starting…", [], 0.0)
        elif session is None:
            now = ("idle", "idle", [Part(0, tell_keys(self.screen, FIRST if predict else IDLE))], 0.0)
        elif replay is not None and replay.cursor is not None and (ends := session.history.ends):
            now = ("replay", "replay", looking_back(session, replay, replay.cursor), replay.cursor / max(1, ends[1]))
        else:
            word = f"{session.asked}…" if session.asked else session.phase
            now = (session.phase, word, parts(session, device, self._ailing(findings)), fraction(session))
        if now != (self._state, self._word, self._parts, self._fraction):
            self._state, self._word, self._parts, self._fraction = now
            self.refresh()

    def _ailing(self, findings: Sequence[Finding]) -> Part | None:
        """The first finding, how many more there are, and the key that shows them."""
        if not findings:
            return None
        more = f" +{len(findings) - 1}" if len(findings) > 1 else ""
        return Part(0, plain(f"! {findings[0].short}{more} · {show_key(self.screen, 'D')}"))

    def render(self) -> Text:
        width = self.size.width
        style = self.get_component_rich_style(f"status--{STYLES.get(self._state, 'text')}", partial=True)
        text, rest = (self.get_component_rich_style(f"status--{name}", partial=True) for name in ("text", "rest"))
        head = f"{MARKS[self._state]} {self._word}"
        body = fitting(self._parts, width - cell_len(head))
        filled = round(width * self._fraction)
        return Text.assemble(
            (head, style), (body, text), "\n", ("━" * filled, style), ("─" * (width - filled), rest), no_wrap=True
        )


def parts(session: RunMonitor, device: str, ailing: Part | None = None) -> list[Part]:
    """What there is to say about a run, and what ``ailing`` says of it."""
    history, progress = session.history, session.history.progress
    found = [Part(0, plain(loading))] if (loading := session.loading) else []
    if progress is not None:
        found.append(Part(0, f"step {progress.step:,}/{progress.steps:,}"))
    if ailing is not None:
        found.append(ailing)
    epoch = f"epoch {progress.epoch}/{progress.epochs}" if progress is not None and progress.epochs else ""
    if doing := f"{find_activity(session)} {epoch}".strip():
        found.append(Part(1, doing, epoch if doing == f"training {epoch}" else ""))
    if progress is not None and session.phase == "running" and progress.rate:
        found.append(Part(2, f"{speed(progress.rate)} {plain(progress.unit)}/s"))
    if history.elapsed:
        found.append(Part(4, duration(history.elapsed)))
    if progress is not None and session.phase == "running" and progress.remaining is not None:
        found.append(Part(3, f"{duration(progress.remaining)} left"))
    device = (history.status.device if history.status else "") or device
    return [*found, Part(5, plain(device))] if device else found


def find_activity(session: RunMonitor) -> str:
    """What a worker that runs does now; empty where that goes without saying."""
    progress = session.history.progress
    if session.phase != "running":
        return ""
    if progress is None:
        return "preparing"
    return plain(progress.doing) or ("training" if progress.epochs else "")


def looking_back(session: RunMonitor, replay: Replay, step: int) -> list[Part]:
    """What there is to say while a step of the past is looked at: which, how to get back, what the run does."""
    ends, progress = session.history.ends or (0, 0), session.history.progress
    found = [Part(0, f"step {step:,} of {ends[1]:,}")]
    found.append(Part(2, f"playing {replay.speed:g}×" if replay.playing else "p plays"))
    found.append(Part(0, "esc follows the run" if session.live else "esc goes to the end"))
    run = f"{MARKS[session.phase]} {f'{session.asked}…' if session.asked else session.phase}"
    return [*found, Part(1, run + (f" {progress.step:,}/{progress.steps:,}" if progress is not None else ""))]


def fraction(session: RunMonitor) -> float:
    """How much of the run is over, 0 … 1."""
    if session.phase == "done":
        return 1.0
    progress = session.history.progress
    return min(1.0, max(0.0, progress.step / progress.steps)) if progress is not None and progress.steps > 0 else 0.0


def fitting(pieces: list[Part], room: int) -> str:
    """The pieces that fit into ``room`` cells, in order."""
    kept = list(pieces)
    if sum(cell_len(GAP + piece.text) for piece in kept) > room:
        kept = [piece._replace(text=piece.short or piece.text) for piece in kept]
    while kept and sum(cell_len(GAP + piece.text) for piece in kept) > room:
        kept.remove(max(kept))
    return "".join(GAP + piece.text for piece in kept)


GO_ON = "All it recorded is kept; {space} resumes the run from its newest checkpoint."
LOG = "{w} shows the worker's log."


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

    def show(self, session: RunMonitor | None) -> None:
        """Show what is known about the run."""
        said = news(session, self.screen) if session is not None else []
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


def news(session: RunMonitor, screen: Screen[Any]) -> list[str]:
    """The failure and what to try, or all warnings and the latest note; nothing if there are none."""
    history = session.history
    go_on, log = tell_keys(screen, GO_ON), tell_keys(screen, LOG)
    if session.phase == "dead":
        from descend.engine.run.summary import explain_death

        where = f"step {history.progress.step:,}" if history.progress is not None else "its beginning"
        return [plain(explain_death(session.run, where)), go_on, log]
    if session.phase == "failed":
        if history.failure is None:
            return ["The run failed.", log]
        return [plain(history.failure.title), *map(plain, history.failure.advice), log]
    if session.phase == "unsaved" and history.status is not None:
        return [plain(history.status.message), go_on, log]
    *earlier, last = [plain(note.text) for note in history.notes] or [""]
    return [*(text for text in earlier if text.startswith("Warning: ")), *([last] if last else [])]


class TitleLine(Widget):
    """Title at the left; the run's name at the right, where there is room for both."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"title--run"}
    DEFAULT_CSS = """
    TitleLine { height: 1; padding: 0 2; background: $surface; text-style: bold; color: $foreground;
        & > .title--run { color: $foreground 60%; text-style: not bold; } }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title, self.run = plain(title), ""
        self.shown = self.title

    def show(self, run: str, data: str = "") -> None:
        """Name the run, and next to the title the ``data`` it learns from if that is not the lesson's own."""
        self.shown = f"{self.title} · on {plain(data)}" if data else self.title
        self.run = plain(run)
        self.refresh()

    def render(self) -> Text:
        width = self.size.width
        room = width - cell_len(self.shown) - 2
        if not self.run or room < cell_len(self.run):
            return Text(fit(self.shown, width), no_wrap=True)
        style = self.get_component_rich_style("title--run", partial=True)
        return Text.assemble(self.shown, "  ", (fit(self.run, room, right=True), style), no_wrap=True)
