"""Takes the README's pictures: ``uv run python -m tests.pictures [NAME…]`` opens recordings of runs in the shell."""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from descend.tui.panels import PanelGrid
from descend.tui.screens.lesson import LessonScreen
from tests.recordings import laid_out
from tests.tui.driving import Shell, opened

HERE = Path(__file__).parent
SIZE = 120, 40
CELL = 12.2
"""Width of a character, as Rich draws them."""
TEXT = re.compile(
    r'<text class="(?P<kind>[^"]*)" x="(?P<x>[^"]*)" y="(?P<y>[^"]*)" textLength="[^"]*" clip-path="[^"]*">'
    r"(?P<text>[^<]*)</text>"
)
WORD = re.compile(r"[^\s\u2800-\u28ff]+|[\u2801-\u28ff]")
FONTS = '"DejaVu Sans Mono", "Fira Code", Menlo, Consolas, monospace'


async def settled(shell: Shell) -> PanelGrid:
    """Wait until all panels of the run on the screen are drawn."""

    def drawn() -> bool:
        screen = shell.app.screen
        grid = screen.body.grid if isinstance(screen, LessonScreen) else None
        return grid is not None and bool(grid.shown) and not any(panel.dirty for panel in grid.shown)

    await shell.until(drawn)
    assert isinstance(shell.app.screen, LessonScreen)
    assert shell.app.screen.body.grid is not None
    return shell.app.screen.body.grid


async def learn(shell: Shell) -> None:
    """All lessons."""
    await shell.sees("Digits")


async def run(shell: Shell) -> None:
    """A run, its panels side by side."""
    await settled(shell)


async def graph(shell: Shell) -> None:
    """The network of numbers, alone, on its way back."""
    grid = await settled(shell)
    grid.zoom(next(place for place, panel in enumerate(grid.panels, 1) if panel.label == "graph"))
    await settled(shell)


PICTURES: dict[str, tuple[str, Callable[[Shell], Awaitable[None]]]] = {
    "learn": ("", learn),
    "digits": ("digits", run),
    "backpropagation": ("backpropagation", graph),
    "diffusion": ("diffusion", run),
}
"""For each picture the recording that is opened and what is done then."""


def placed(text: re.Match[str]) -> str:
    """A stretch of text with a place for each word, and for each sign of Braille, which few fonts draw as wide as
    letters."""
    spans = []
    for word in WORD.finditer(html.unescape(text["text"])):
        left, width = float(text["x"]) + CELL * word.start(), CELL * len(word[0])
        length = f' textLength="{width:.1f}"' if len(word[0]) > 1 else ""
        spans.append(f'<tspan x="{left:.1f}"{length}>{html.escape(word[0], quote=False)}</tspan>')
    return f'<text class="{text["kind"]}" y="{text["y"]}">{"".join(spans)}</text>' if spans else ""


def standing_alone(svg: str, name: str) -> str:
    """The picture without what it would fetch, in fonts that are there, its names the same each time it is taken."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS)
    svg = TEXT.sub(placed, svg)
    return re.sub(r"terminal-\d+-", f"{name}-", svg)


async def take(name: str) -> None:
    """Take one picture."""
    recording, prepare = PICTURES[name]
    (found,) = laid_out(recording) if recording else (None,)
    async with opened(SIZE, run=found) as shell:
        await prepare(shell)
        await shell.pilot.pause(0.5)
        file = HERE / f"{name}.svg"
        file.write_text(standing_alone(shell.app.export_screenshot(title="descend"), name), encoding="utf-8")
        print(f"{name:16} {file.stat().st_size:9,} bytes")


def main(names: list[str]) -> None:
    """Take the pictures ``names``, or all."""
    if unknown := set(names) - set(PICTURES):
        raise SystemExit(f"There is no picture {', '.join(sorted(unknown))}.")
    for name in names or PICTURES:
        with tempfile.TemporaryDirectory() as home:
            os.environ.update(DESCEND_HOME=home, DESCEND_DATA=home)
            asyncio.run(take(name))


if __name__ == "__main__":
    main(sys.argv[1:])
