"""A strip that says how busy the machine is: processor, memory, the run's worker, and every NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from descend.engine.base.sparkline import HEIGHTS, draw_sparkline
from descend.engine.base.units import format_gib
from descend.tui import shell_settings
from descend.tui.cell_text import fit, plain, shows_unicode
from descend.tui.system.sampler import GpuSample, Sampler, columns

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

REDRAW = 1.0
"""Seconds between two redraws."""
LONGEST = 24
"""Cells a sparkline may take, at most."""
SHORTEST = 4
GAP = "  "
UNKNOWN = "–"


class Part(NamedTuple):
    """A figure and its course; where there is no room for all, those of the highest ``rank`` go first.

    Attributes:
        course: shares of the whole, 0 … 1, oldest first; none for a figure without a sparkline.
    """

    rank: int
    text: str
    course: Sequence[float | None] = ()


class Machine(Widget):
    """One line for the machine and one for each GPU. It samples only while it is on the screen.

    Args:
        lasting: whether it is shown where the user has asked for it, and remembers that; else it always is.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Machine { height: auto; padding: 0 1; background: $surface; color: $foreground 80%; display: none; }
    Machine.-shown { display: block; }
    """

    def __init__(self, lasting: bool = False) -> None:
        super().__init__()
        self.sampler = Sampler()
        self._lasting = lasting

    def on_mount(self) -> None:
        """Begin, if it is enabled."""
        self.set_class(shell_settings.get("machine", False) if self._lasting else True, "-shown")
        self.set_interval(REDRAW, self.turn)
        self.call_after_refresh(self.turn)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        self.sampler.stop()

    def toggle(self) -> None:
        """Show or hide it, here and from now on."""
        self.toggle_class("-shown")
        shell_settings.put("machine", self.has_class("-shown"))
        self.call_after_refresh(self.turn)

    def watch_run(self, run: Run | None) -> None:
        """Tell of the worker of ``run`` too."""
        self.sampler.watch(run)

    def turn(self) -> None:
        """Sample while it is visible, and show what was found."""
        if not (self.is_attached and self.display and self.has_class("-shown") and self.visible_now):
            self.sampler.stop()
            return
        self.sampler.start()
        self.refresh(layout=len(self._lines()) != self.size.height)

    @property
    def visible_now(self) -> bool:
        """Whether its screen is on top, or only under boxes."""
        stack = self.app.screen_stack
        above = stack[stack.index(self.screen) + 1 :] if self.screen in stack else [None]
        return all(screen is not None and screen.is_modal for screen in above)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines())

    def render(self) -> Text:
        width = self.size.width
        return Text("\n").join([Text(line(parts, width), no_wrap=True) for parts in self._lines()])

    def _lines(self) -> list[list[Part]]:
        """The parts of each line; no more lines than a sixth of the screen's."""
        sampler = self.sampler
        problem = "the NVIDIA driver does not respond" if sampler.gpu_hangs else sampler.problem
        gpus = [list(samples) for samples in sampler.gpus if samples]
        first = host_parts(sampler)
        if problem or not gpus:
            return [[*first, Part(1, plain(problem))]] if problem else [first]
        room = max(1, self.app.size.height // 6 - 1)
        shown = gpus if len(gpus) <= room else gpus[: max(1, room - 1)]
        lines = [first, *(gpu_parts(index, samples) for index, samples in enumerate(shown))]
        if left := gpus[len(shown) :]:
            busy = [samples[-1].busy for samples in left if samples[-1].busy is not None]
            most = f", the busiest at {max(busy):.0f}%" if busy else ""
            lines.append([Part(0, f"and {len(left)} more GPUs{most}")])
        return lines


def host_parts(sampler: Sampler) -> list[Part]:
    """What there is to say about the machine and the worker."""
    hosts, works = list(sampler.hosts), list(sampler.works)
    if not hosts:
        return [Part(0, "cpu …")]
    now = hosts[-1]
    parts = [
        Part(0, f"cpu {now.cpu:3.0f}%", [host.cpu / 100 for host in hosts]),
        Part(
            2,
            f"memory {format_gib(now.used)} of {format_gib(now.total)} GiB",
            [host.used / host.total for host in hosts],
        ),
    ]
    if works:
        parts.append(Part(1, f"this run {works[-1].cpu:.0f}% of a core, {format_gib(works[-1].memory)} GiB"))
    return parts


def gpu_parts(index: int, samples: Sequence[GpuSample]) -> list[Part]:
    """What there is to say about a GPU."""
    now = samples[-1]
    busy = UNKNOWN if now.busy is None else f"{now.busy:3.0f}"
    parts = [Part(0, f"gpu {index} {busy}%", [None if s.busy is None else s.busy / 100 for s in samples])]
    if now.used is not None and now.total:
        course = [None if s.used is None or not s.total else s.used / s.total for s in samples]
        parts.append(Part(1, f"memory {format_gib(now.used)} of {format_gib(now.total)} GiB", course))
    if now.temperature is not None:
        parts.append(Part(2, f"{now.temperature:.0f} °C"))
    if now.power is not None:
        parts.append(Part(3, f"{now.power:.0f} W" if now.limit is None else f"{now.power:.0f} of {now.limit:.0f} W"))
    return [*parts, Part(4, fit(plain(now.name), 24).rstrip())]


def line(parts: Sequence[Part], width: int) -> str:
    """The parts that fit into ``width`` cells, their sparklines as long as there is room."""
    kept = list(parts)

    def needed() -> int:
        return sum(cell_len(part.text) + (SHORTEST + 1 if part.course else 0) for part in kept) + len(GAP) * (
            len(kept) - 1
        )

    while len(kept) > 1 and needed() > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    drawn = sum(bool(part.course) for part in kept)
    spare = (width - needed()) // drawn if drawn else 0
    length = min(LONGEST, SHORTEST + spare)
    said = [
        part.text + (f" {draw_course(part.course, length):>{length}}" if part.course and length > 0 else "")
        for part in kept
    ]
    return fit(GAP.join(said), width).rstrip() if width > 0 else ""


def draw_course(course: Sequence[float | None], width: int) -> str:
    """The course in at most ``width`` cells, each at the nearest height, so that only what is idle or busy through and
    through is lowest or highest."""
    nearest = [None if share is None else (share * (HEIGHTS - 1) + 0.5) / HEIGHTS for share in columns(course, width)]
    return draw_sparkline(nearest, "utf-8" if shows_unicode() else "ascii")
