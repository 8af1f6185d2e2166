"""An author who adds a kind of picture: a record, and a panel that names it."""

from __future__ import annotations

from descend.engine.run.history import History
from descend.engine.run.records import Curve, Named
from descend.tui.draw.rows import Row, text
from descend.tui.panels.panel_data import Data, write_table
from descend.tui.panels.picture_panel import PicturePanel


class Gauge(Named, tag="gauge"):
    """A record of the author's own."""

    level: float


class GaugePanel(PicturePanel[Gauge]):
    """All that a panel needs to say."""

    kind = Gauge

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        return [[(f"{newest.level:<{width}g}", "text")]] + [[(" " * width, "text")]] * (height - 1) if newest else []

    def drawable(self, picture: Gauge) -> bool:
        return picture.level >= 0

    @staticmethod
    def tabulate(picture: Gauge) -> Data:
        return Data(["level"], 1, [[picture.level]])


def panel(*levels: float) -> GaugePanel:
    history = History()
    history.pictures["gauge/oil"] = [Gauge(step=step, name="oil", level=level) for step, level in enumerate(levels)]
    return GaugePanel(history, "gauge/oil")


def test_there_is_a_panel_for_each_picture_of_the_kind() -> None:
    assert GaugePanel.subjects(["oil"], ["gauge/oil", "curve/oil", "gauge/a/b"]) == ["gauge/oil", "gauge/a/b"]
    assert (panel().label, GaugePanel(History(), "gauge/a/b").label) == ("oil", "a/b")


def test_it_shows_the_newest_picture_up_to_the_cursor() -> None:
    shown = panel(0.25, 0.5)
    assert "0.5" in text(shown.rows(40, 5))
    assert "step 1" in text(shown.rows(40, 5))
    shown.look(0)
    assert "0.25" in text(shown.rows(40, 5))


def test_what_cannot_be_drawn_or_is_of_another_kind_is_not_shown() -> None:
    assert panel(-1.0).newest() is None
    assert "waiting for data" in text(panel(-1.0).rows(40, 5))
    other = panel()
    other.history.pictures["gauge/oil"] = [Curve(step=0, name="oil", x=None, lines={})]  # type: ignore[arg-type]
    assert (other.newest(), other.table()) == (None, None)


def test_its_table_is_that_of_the_newest_picture() -> None:
    table = panel(0.25, -1.0).table()
    assert table is not None
    assert write_table(table) == ("level\n-1.0\n", 1)
    assert panel().table() is None
