"""Tables as they are found: each is read as the csv module reads it, or refused with the option that settles it."""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue, csv_reader, memory
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.describe import describe
from descend.engine.base.errors import DescendError, UsageError

CHANCE = random.Random(5)
ROWS = [(f"{CHANCE.random():.3f}", str(CHANCE.randint(0, 9)), CHANCE.choice(["oak", "elm", "ash"])) for _ in range(60)]


def table(rows: list[tuple[str, ...]], mark: str = ",", head: str = "x,n,kind") -> str:
    lines = [mark.join(head.split(","))] if head else []
    return "".join(f"{line}\n" for line in [*lines, *map(mark.join, rows)])


def load(file: Path, content: str, options: str = "") -> Dataset:
    file.write_text(content, encoding="utf-8")
    return catalogue.find(f"{file}?{options}" if options else str(file)).load()


def refused(file: Path, content: str, options: str = "") -> str:
    with pytest.raises(DescendError) as raised:
        load(file, content, options)
    return str(raised.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.csv"


def read_otherwise(content: str, target: int = -1) -> Counter[str]:
    """How often each text of the target is there, by the csv module alone."""
    _, *rows = csv.reader(content.splitlines())
    return Counter(row[target] for row in rows)


def classes_of(data: Dataset) -> Counter[str]:
    """How often each class is there."""
    return Counter({one.name: one.train + one.test for one in describe(data).classes})


def numbers_in(data: Dataset, name: str) -> list[float]:
    at = data.features.index(name)
    return sorted(np.concatenate([data.train_x, data.test_x])[:, at].round(3).tolist())


def same_rows(data: Dataset) -> bool:
    """Whether it holds `ROWS`."""
    whole = [*zip(data.train_x.tolist(), data.train_y.tolist(), strict=True)]
    whole += zip(data.test_x.tolist(), data.test_y.tolist(), strict=True)
    found = sorted((round(x[0], 3), x[1], data.classes[y]) for x, y in whole)
    return found == sorted((float(x), float(n), kind) for x, n, kind in ROWS)


@pytest.mark.parametrize(
    "texts",
    [
        ["7300000000000000001", "7300000000000000002", "7300000000000000003"],
        ["00000000000000000017", "17", "017"],
        ["007", "08", "9"],
        ["1E5", "100000", "2E3"],
        ["None", "Mild", "Severe"],
        ["NA", "ZA", "BW"],
        ["null", "nil", "one"],
        ["nan", "pan", "?"],
        ["-", "+", "n/a"],
        ["1.10", "1.1", "1.2"],
        ["-0", "0", "1"],
    ],
)
def test_classes_are_as_they_are_written(texts: list[str], file: Path) -> None:
    content = table([(x, n, texts[place % 3]) for place, (x, n, _) in enumerate(ROWS)])
    assert classes_of(load(file, content, "task=classification")) == read_otherwise(content)


def test_one_number_written_in_two_ways_is_two_classes_and_said(file: Path) -> None:
    content = table([(x, n, ["1E2", "100", "7"][place % 3]) for place, (x, n, _) in enumerate(ROWS)])
    notes = load(file, content).notes
    assert any(note.startswith(f"{WARNING}the classes '100' and '1E2' are one number") for note in notes)


def test_words_that_may_stand_for_a_missing_value_are_told_and_can_be_made_to(file: Path) -> None:
    content = table([(x, n, "NA" if place % 4 == 0 else kind) for place, (x, n, kind) in enumerate(ROWS)])
    data = load(file, content)
    assert any(
        note.startswith(f"{WARNING}'NA' in 15 rows of column 'kind' counts as a value; gaps=NA") for note in data.notes
    )
    message = refused(file, content, "gaps=NA")
    assert "lacks 15 values in 15 rows" in message
    assert "missing=drop to leave out 15 rows of 60, and with them all of 'NA'" in message
    assert "NA" not in load(file, content, "gaps=NA&missing=drop").classes
    assert not any("counts as a value" in note for note in load(file, content, "values=na").notes)


def test_among_numbers_such_a_word_is_missing_unless_it_is_called_a_value(file: Path) -> None:
    content = table([(x, n, ["0", "1", "None"][place % 3]) for place, (x, n, _) in enumerate(ROWS)])
    message = refused(file, content)
    assert "missing=drop to leave out 20 rows of 60, and with them all of 'None', or values=None if that is" in message
    for option in ("values=None", "values=none", "values=all"):
        assert classes_of(load(file, content, option)) == read_otherwise(content)
    content = table([(x, "nan" if place == 7 else n, kind) for place, (x, n, kind) in enumerate(ROWS)])
    assert "('n' 1; the first, 'nan', in line 9)" in refused(file, content)
    assert "n=nan" in load(file, content, "values=nan").features


def test_a_pool_that_is_not_there_is_a_category(file: Path) -> None:
    rows = [(x, "NA" if place % 2 else "good", kind) for place, (x, _, kind) in enumerate(ROWS)]
    data = load(file, table(rows, head="x,pool,kind"))
    assert data.features == ("x", "pool=good")
    assert data.missing == {}


def test_a_class_that_is_lost_with_the_rows_that_were_dropped_is_said(file: Path) -> None:
    rows = [(x, "" if kind == "oak" else n, kind) for x, n, kind in ROWS]
    message = refused(file, table(rows))
    assert "and with them all of 'oak'" in message
    assert any("no row is left of 1 class, 'oak'" in note for note in load(file, table(rows), "missing=drop").notes)


def test_seconds_since_1970_keep_their_differences(file: Path) -> None:
    rows = [(str(place % 7), str(place % 3), str(1_700_000_000 + place)) for place in range(60)]
    data = load(file, table(rows))
    assert sorted(np.concatenate([data.train_y, data.test_y]).tolist()) == [
        1_700_000_000 + place for place in range(60)
    ]
    assert describe(data).targets[0].unique == 48


@pytest.mark.parametrize("column", ["id", "x"])
def test_identifiers_of_many_digits_never_become_floats(column: str, file: Path) -> None:
    rows = [(str(10**18 + 7 * place), x, kind) for place, (x, _, kind) in enumerate(ROWS)]
    message = refused(file, table(rows, head=f"{column},m,kind"))
    assert f"60 unique words in column '{column}'" in message
    assert "like an identifier" in message
    assert load(file, table(rows, head=f"{column},m,kind"), f"ignore={column}").features == ("m",)
    few = [(str(10**18 + place % 3), x, kind) for place, (x, _, kind) in enumerate(ROWS)]
    data = load(file, table(few, head=f"{column},m,kind"))
    assert data.features[:3] == tuple(f"{column}={10**18 + place}" for place in range(3))


def test_identifiers_as_a_target_are_refused_or_their_loss_is_said(file: Path) -> None:
    content = table([(x, n, str(10**18 + place)) for place, (x, n, _) in enumerate(ROWS)])
    assert "60 unique values in 60 rows, as identifiers have" in refused(file, content)
    notes = load(file, content, "task=regression").notes
    assert any("more digits than 64-bit numbers hold" in note and note.startswith(WARNING) for note in notes)


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("customer_id", lambda place: str(17 * place * place + 3), "a unique whole number in every row"),
        ("PassengerId", lambda place: str(place + 1), "only numbers the rows"),
        ("case", lambda place: str(place + 500), "only counts, up from 500"),
        ("v", lambda place: str(842_302 + 7919 * place % 60_000), "a unique whole number in every row"),
        ("Order ID", lambda place: f"{place * 31 % 97}.0", "a unique whole number in every row"),
        ("user_id", lambda place: str(place % 30), "30 unique whole numbers"),
    ],
)
def test_identifiers_are_recognised(name: str, cell: object, why: str, file: Path) -> None:
    rows = [(cell(place), x, kind) for place, (x, _, kind) in enumerate(ROWS)]  # type: ignore[operator]
    notes = load(file, table(rows, head=f"{name},m,kind")).notes
    assert any(why in note and f"ignore={name}" in note and "identifiers" in note for note in notes), notes
    assert not any("identifiers" in note for note in load(file, table(ROWS)).notes)


def test_leading_zeros_are_said_of_numbers_that_are_learned_from(file: Path) -> None:
    content = table([(f"{place % 9:05d}", x, kind) for place, (x, _, kind) in enumerate(ROWS)], head="zip,m,kind")
    notes = load(file, content).notes
    assert any(note.startswith(f"{WARNING}column 'zip' has '00000' in line 2") for note in notes)
    assert load(file, content, "categories=zip").features[0] == "zip=00000"


@pytest.mark.parametrize("mark", ["::", "||", ", ", "  ", " \t ", "\t", "|", ";"])
@pytest.mark.parametrize("ending", ["csv", "txt", "dat"])
def test_marks_between_cells_are_found_whatever_the_file_ends_in(mark: str, ending: str, tmp_path: Path) -> None:
    assert same_rows(load(tmp_path / f"data.{ending}", table(ROWS, mark)))


def test_a_mark_in_quotes_parts_nothing(file: Path) -> None:
    rows = [(x, n, f'"{kind}::{kind}"') for x, n, kind in ROWS]
    assert load(file, table(rows, "::")).classes == ("ash::ash", "elm::elm", "oak::oak")


@pytest.mark.parametrize("said", ["comma", ",", "tab", "\\t", "::", "^", "whitespace"])
def test_delimiter_can_be_said_of_a_text(said: str, tmp_path: Path) -> None:
    mark = {"comma": ",", "tab": "\t", "\\t": "\t", "whitespace": "   "}.get(said, said)
    assert same_rows(load(tmp_path / "data.txt", table(ROWS, mark), f"delimiter={said}"))
    with pytest.raises(UsageError, match=r"without delimiter=… it is found in the file"):
        load(tmp_path / "data.txt", table(ROWS, mark), "delimiter=komma")


def test_prose_stays_prose_and_a_text_cut_like_a_table_says_so(tmp_path: Path) -> None:
    prose = "It was, as they say, a dark night.\nThen 3 men came, wet.\nNobody spoke.\n" * 20
    assert load(tmp_path / "night.txt", prose).kind == "text"
    pairs = "".join(f"go {'on' * (place % 5)}\tva {'la' * (place % 7)}\n" for place in range(60))
    data = load(tmp_path / "pairs.txt", pairs)
    assert data.kind == "text"
    assert any("kind=table" in note for note in data.notes)
    data = load(tmp_path / "seeds.txt", table(ROWS, "\t"))
    assert any("kind=text" in note for note in data.notes)
    assert load(tmp_path / "seeds.txt", table(ROWS, "\t"), "kind=text").kind == "text"
    assert "kind=table" in refused(tmp_path / "odd.weird", table(ROWS))
    assert same_rows(load(tmp_path / "odd.weird", table(ROWS), "kind=table"))


@pytest.mark.parametrize("mark", ["#", "%", "//"])
def test_comments_are_skipped_and_said(mark: str, file: Path) -> None:
    head, *rows = table(ROWS).splitlines()
    above = f"{mark} made by hand\n\n{mark} on a monday, in may\n{head}\n"
    between = "\n".join([*rows[:9], f'{mark} a "pause"', *rows[9:]])
    data = load(file, f"{above}{between}\n{mark}the end\n")
    assert same_rows(data)
    assert any("4 comments, the first in line 1" in note for note in data.notes)
    assert "'n' 1; the first, '?', in line 15)" in refused(file, f"{above}{between}\n".replace(rows[9], "0.5,?,oak"))


def test_names_may_stand_in_a_comment(file: Path) -> None:
    for head in ("# x,n,kind", "#x,n,kind", "# made by hand\n# x,n,kind"):
        assert same_rows(data := load(file, f"{head}\n{table(ROWS, head='')}"))
        assert data.features == ("x", "n")


def test_rows_that_begin_as_comments_do_are_asked_about(file: Path) -> None:
    rows = [(f"#{kind}", n, "yes" if float(x) < 0.5 else "no") for x, n, kind in ROWS]
    data = load(file, table(rows, head="tag,n,liked"))
    assert data.features[:3] == ("tag=#ash", "tag=#elm", "tag=#oak")
    mixed = [(tag if place < 20 else tag[1:], *more) for place, (tag, *more) in enumerate(rows)]
    message = refused(file, table(mixed, head=""))
    assert "say comment=# to skip them, or comment=no if they are data" in message
    assert len(load(file, table(mixed, head=""), "comment=no").train_x) == 48
    assert len(load(file, table(mixed, head=""), "comment=#").train_x) == 32


def test_what_stands_below_a_table_is_skipped_when_told(file: Path) -> None:
    content = f"{table(ROWS)}\nSource: a survey\n(60 rows), checked\n\n"
    message = refused(file, content)
    assert "Line 63 of data.csv has 1 cell where line 1 has 3; fix it, or say footer=2" in message
    assert same_rows(load(file, content, "footer=2"))
    assert "footer=2" in refused(file, content, "footer=1")
    middle = table(ROWS).replace(",".join(ROWS[9]), "a note")
    assert "footer" not in refused(file, middle)
    assert same_rows(load(file, f"{table(ROWS)}\n\n  \n,,\n"))


def test_a_title_above_the_names_is_told(file: Path) -> None:
    for above, skip in (("Trees of 2023\n\n", 2), ("Trees of 2023,,\n,,\n", 2), ("Trees,,\n", 1)):
        assert f"skip={skip}" in refused(file, above + table(ROWS))
        assert same_rows(load(file, above + table(ROWS), f"skip={skip}"))
    assert load(file, table(ROWS, head=",,kind")).classes == ("ash", "elm", "oak")


def test_a_last_line_of_words_may_be_no_data(file: Path) -> None:
    content = table(ROWS) + "0.5,n of trees,elm\n"
    assert "'n of trees' in line 62; fix it, say gaps=n of trees if the value is missing, footer=1 if" in refused(
        file, content
    )
    assert same_rows(load(file, content, "footer=1"))


def test_a_table_with_an_irregular_line_is_not_prose(tmp_path: Path) -> None:
    content = table(ROWS, "\t").replace("\t".join(ROWS[20]), "moved on")
    assert "Line 22 of trees.txt has 1 cell where line 1 has 3" in refused(tmp_path / "trees.txt", content)
    content = table([(x, "." if place == 3 else n, kind) for place, (x, n, kind) in enumerate(ROWS)], "\t")
    assert "the first, '.', in line 5" in refused(tmp_path / "trees.txt", content)


def test_units_below_the_names_are_skipped_and_said(file: Path) -> None:
    head, rest = table(ROWS).split("\n", 1)
    for line in ("mm,s,-", "(mm),(s),", "[mm],,"):
        data = load(file, f"{head}\n{line}\n{rest}")
        assert same_rows(data)
        assert any("Line 2 holds units or similar (" in note for note in data.notes)
    assert "holds numbers, but 'mm' in line 2" in refused(file, f"{head}\nmm,s,-\n{rest}", "units=no")


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Grand total", "Gesamt", "Summe", "Total 2023"])
def test_a_row_of_totals_that_sums_up_is_left_out_and_said(word: str, file: Path) -> None:
    whole = f"{word},{sum(int(n) for _, n, _ in ROWS)},{sum(float(x) for x, _, _ in ROWS):.3f}\n"
    content = table([(kind, n, x) for x, n, kind in ROWS], head="kind,n,x")
    data = load(file, content + whole)
    assert numbers_in(data, "n") == sorted(float(n) for _, n, _ in ROWS)
    assert np.concatenate([data.train_y, data.test_y]).max() < 1
    assert any(note.startswith(f"{WARNING}1 row of totals left out") for note in data.notes)
    kept = load(file, content + whole, "totals=keep")
    assert len(kept.train_x) + len(kept.test_x) == len(data.train_x) + len(data.test_x) + 1 == len(ROWS) + 1


def test_a_row_that_only_seems_to_be_totals_is_asked_about(file: Path) -> None:
    content = table([(kind, n, x) for x, n, kind in ROWS], head="kind,n,x") + "Total,12,0.5\n"
    message = refused(file, content)
    assert "'Total' in line 62" in message
    assert "say totals=drop to leave out 1 row of 61, or totals=keep if it is data" in message
    assert "kind=Total" not in load(file, content, "totals=drop").features
    assert "kind=Total" in load(file, content, "totals=keep").features
    eclipses = table([(["total", "partial"][place % 2], n, x) for place, (x, n, _) in enumerate(ROWS)], head="what,n,x")
    assert len(load(file, eclipses).train_x) == 48


def test_subtotals_go_with_the_totals(file: Path) -> None:
    lines = [
        f"{kind},{n},{x}\n" + ("Subtotal,30,2.5\n" if place % 10 == 9 else "")
        for place, (x, n, kind) in enumerate(ROWS)
    ]
    content = f"kind,n,x\n{''.join(lines)}Grand total,1,1\n"
    assert "totals=drop to leave out 7 rows of 67" in refused(file, content)
    assert numbers_in(load(file, content, "totals=drop"), "n") == sorted(float(n) for _, n, _ in ROWS)


def test_a_column_of_nothing_but_such_words_is_empty_unless_told(file: Path) -> None:
    content = table([(x, n, ["None", "NA"][place % 2]) for place, (x, n, _) in enumerate(ROWS)])
    assert "or say values=all if words such as 'None' are values" in refused(file, content)
    assert classes_of(load(file, content, "values=all")) == read_otherwise(content)


def test_many_columns_take_time_in_proportion(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name is looked at a bounded number of times, found by counting comparisons."""

    class Name(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    count = 2000
    rows = ["".join(f"{(place * column) % 11}," for column in range(count)) + f"{place % 2}\n" for place in range(10)]
    content = "".join(f"g{column}," for column in range(count)) + "y\n" + "".join(rows)
    whole = csv_reader.read_csv

    def read(*given: object, **more: object) -> csv_reader.CsvTable:
        found = whole(*given, **more)  # type: ignore[arg-type]
        found.names = [Name(name) for name in found.names]
        return found

    monkeypatch.setattr("descend.datasets.table.text.read_csv", read)
    ignored = ",".join(f"g{column}" for column in range(5, count))
    assert load(file, content, f"ignore={ignored}").features == ("g0", "g1", "g2", "g3", "g4")
    assert Name.compared < 20 * count


def test_a_line_of_too_many_cells_is_refused_before_it_is_cut(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "MAX_CELLS", 1000)
    assert "Line 1 of data.csv has more than 1,000 cells" in refused(file, "1," * 1001 + "\n")
    file.write_text("1,2,3,4\n" * 20_000)
    many = "has about 80,000 cells, more than 1,000; limit=N takes the first N rows, at most 250"
    with pytest.raises(memory.TooLarge, match=many):  # and is streamed
        csv_reader.read_csv(file)
    monkeypatch.setattr(csv_reader, "MAX_CELLS", 10**7)
    monkeypatch.setattr(memory, "free_memory", lambda: 10**7)
    with pytest.raises(memory.TooLarge, match=r"takes about 8.0 MB of memory, more than 5.0 MB, half of what is free"):
        csv_reader.read_csv(file)


def test_columns_of_many_words_are_estimated_before_they_are_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = table([(f"w{place}", f"v{place}", kind) for place in range(60) for _, _, kind in ROWS[:10]])
    monkeypatch.setattr(memory, "free_memory", lambda: 1_000_000)
    assert "encode=ordinal" in refused(file, content)
    assert load(file, content, "encode=ordinal").train_x.shape == (480, 2)
