"""Data exploration: what a file does not say

353 of 442 patients, ten measurements of each, one CSV file. Which cells are numbers, which are codes, which are gaps,
if the file only holds text? And what does it cost to be wrong?

**Kinds of data.** *Structured* data is a table: a row a sample, a column a measurement. Images, sound and prose are
*unstructured*: one sample is an array or a text. JSON and XML lie between: fields have names, and may be lacking.

**A type is a guess.** CSV (*comma-separated values*) stores characters; a *loader* decides what they mean. A simple one
calls a column numbers if every cell is one, so one `NA` makes words of it; a hasty one looks at the first rows only.

**A gap has many spellings.** Here each column has one of six, in turn: nothing, `NA`, 999, `?`, 0, `-`. Two of them
*are* numbers. No rule about types finds those; one about ranges may, if someone knows that no body mass index is 999:

    20, 22, 24, NA  → mean 22
    20, 22, 24, 999 → mean 266.25

**Explore first:** the shape, a few rows, a type for each column, gaps, then least, mean and largest. **Training** does
not complain: it fits what it gets. Here a linear model learns from the file, and is tested on patients without gaps.

**Predict, then run. Watch** the map: which columns look clean? **Break it:** `mark` = 999. Your own table: `file`.
"""

import json
import re
import tempfile
from dataclasses import replace
from html import escape
from pathlib import Path

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    last,
    number,
    pace,
    quiz,
)

MARKS = ("", "NA", "999", "?", "0", "-")
SHOWN, CELLS = 40, ("gap hidden", "value lost", "gap found", "word", "number")  # lost: taken for a gap
HIDDEN, LOST, FOUND, WORD, NUMBER = range(5)


class Knobs(KnobSet):
    share: float = knob(0.05, 0.0, 0.5, help="share of each column's cells that are gaps")
    mark: str = knob("mixed", choices=("mixed", "empty", "NA", "999", "0"), help="how a gap is written; mixed: all six")
    look: int = knob(10, 1, 1000, scale="log", help="rows that the hasty loader looks at before it guesses a type")
    gaps: str = knob("", help="what you tell the loader is a gap too, with commas between, such as -1,none")
    file: str = knob("", help="path of a CSV file of your own to explore instead; it stays as it is")
    pace: int = pace(2)


def spoil(data, k):
    """The training rows as a program might export them: names, text of each row, which cells are gaps."""
    import numpy as np

    x = data.train_x.astype(float)
    gone = np.random.random(x.shape).argsort(0).argsort(0) < round(k.share * len(x))
    marks = MARKS if k.mark == "mixed" else (k.mark.replace("empty", ""),)
    cells = np.array([[f"{value:.6g}" for value in row] for row in x], dtype="U12")
    for place in range(x.shape[1]):
        cells[gone[:, place], place] = marks[place % len(marks)]
    told = [data.classes[y] if data.classes else f"{y:.6g}" for y in data.train_y]
    return [*data.features, *(data.targets or ("class",))], np.column_stack([cells, told]).tolist(), gone


def run(lab, k):
    import numpy as np

    from descend.datasets.columns import Column
    from descend.datasets.csv_reader import read_csv
    from descend.datasets.forms import is_number
    from descend.engine.base.paths import parse_path

    told, gone = frozenset(filter(None, map(str.strip, k.gaps.split(",")))), None
    with tempfile.TemporaryDirectory() as folder:
        path = parse_path(k.file) if k.file else Path(folder, "table.csv")
        if not k.file:
            names, written, gone = spoil(lab.dataset, k)
            path.write_text("\n".join(map(",".join, [names, *written])))
        table = read_csv(path)  # key: cells are text, and stay text until someone decides
        show_file(lab, path, table, k.gaps)
    columns = [Column(*of, table.lines, gaps=told) for of in zip(table.names, table.columns, strict=True)]
    small = {mark: Column("x", ["20", "22", "24", mark], [2, 3, 4, 5], gaps=told) for mark in MARKS}
    means = ", ".join(f"{mark!r} → {x.numbers[~x.missing].mean():g}" for mark, x in small.items())
    lab.note(f"Mean of 20, 22, 24 and a gap: {means}.")
    rows, types, found, simple = len(table.lines), [], [], []  # simple: columns of which every cell is a number
    heads = ("column", f"first {min(k.look, rows)}", f"all {rows}", "descend", "first that is no number")
    axes = (f"row of the file, the first {min(rows, SHOWN)}", "column")
    names = [column.name[:13] for column in columns if gone is None or column.name in lab.dataset.features]
    what = np.full((len(names), rows), np.nan)
    for place in lab.steps(len(columns)):
        cells, missing = columns[place].cells, columns[place].missing
        odd = [row for row, cell in enumerate(cells) if not is_number(cell)]
        guesses = ("words" if words else "numbers" for words in (odd and odd[0] < k.look, odd))
        first = f"'{cells[odd[0]]}' in line {table.lines[odd[0]]}" if odd else ""
        form = columns[place].form.replace("comma", "decimal comma")
        types.append((columns[place].name, *guesses, form, first))
        lab.table("types", heads, types)
        x = replace(columns[place], decimal=",").numbers if "comma" in form else columns[place].numbers
        least = [f"{of(x):.4g}" if (x == x).any() else "" for of in (np.nanmin, np.nanmean, np.nanmax)]
        found.append((columns[place].name, *least, len(columns[place].words), int(missing.sum())))
        lab.table("columns", ("name", "min", "mean", "max", "unique", "missing"), found)
        if place < len(what):
            what[place] = np.where(missing, FOUND, NUMBER if form == "numbers" else WORD)
        if gone is not None and place < len(what):
            what[place, gone[:, place] & ~missing] = HIDDEN  # key: nothing in the file tells these from values
            what[place, ~gone[:, place] & missing] = LOST
            simple += [] if odd else [place]  # key: the simple rule; one NA among thousands makes words of all
        lab.field("cells", what[:, :SHOWN], rows=names, classes=CELLS, axes=axes)
    lab.results(hasty=sum(one[1] != one[2] for one in types))
    lab.results(**{name: int((what == number).sum()) for number, name in enumerate(CELLS)})
    if gone is not None:  # the truth is known
        lab.results(simple=len(simple), trapped=int((what[simple] == HIDDEN).any(1).sum()))
        show_price(lab, np.stack([np.where(c.missing, np.nan, c.numbers) for c in columns[:-1]], 1), gone)


def show_file(lab, path, table, gaps):
    """How the file begins, its first row in other formats, what `descend data show` makes of it or refuses."""
    from descend.datasets.catalogue import find
    from descend.datasets.describe import describe
    from descend.datasets.forms import is_number
    from descend.engine.base.errors import DescendError

    start = path.read_bytes()[:2000]
    row = {name: cells[0] for name, cells in zip(table.names[:3], table.columns, strict=False)}
    typed = {n: (float(c) if float(c) % 1 else int(float(c))) if is_number(c) else c or None for n, c in row.items()}
    tags = {name: re.sub(r"^(?=[0-9.-])|[^A-Za-z0-9_.À-ÖØ-öø-˿-]", "_", name) for name in row}
    xml = "".join(f"<{tags[name]}>{escape(cell, quote=False)}</{tags[name]}>" for name, cell in row.items())
    said = [f"bytes: {start[:8].hex(' ')} …", *start.decode(errors="replace").splitlines()[:4], ""]
    said += [f"JSON: {json.dumps(typed, ensure_ascii=False)}", f"XML: {xml}", ""]
    for more in ({}, {"missing": "mean"}):
        try:
            of = describe(find(str(path), **more, **({"gaps": gaps} if gaps else {})).load())
            said += [f"{of.shape}; {of.train} rows to train, {of.test} for the test.", *of.notes]
            break
        except DescendError as refused:
            said += {f"descend data show {path.name}: {refused}"} - set(said)  # the second refusal may be the first
    lab.text("file", "\n".join(said))


def show_price(lab, read, gone):
    """How well a linear model predicts new patients, trained on the true table and on what was ``read``."""
    import numpy as np

    data = lab.dataset
    y, test_y = (np.eye(len(data.classes))[y] if data.classes else y for y in (data.train_y, data.test_y))

    def explained(x):
        x = np.where(np.isnan(x), np.nan_to_num(np.nanmean(x, 0)), x)  # key: a gap that is known takes the mean
        mean, std = x.mean(0), x.std(0) + 1e-12
        rows, test = (np.insert((part - mean) / std, 0, 1, axis=1) for part in (x, data.test_x))
        errors = test @ np.linalg.lstsq(rows, y)[0] - test_y
        return 1 - float((errors**2).sum() / ((test_y - y.mean(0)) ** 2).sum())

    tables = {"no gaps": data.train_x, "all gaps known": np.where(gone, np.nan, data.train_x), "as read": read}
    scores = {name: explained(x) for name, x in tables.items()}
    lab.bars("price", list(scores), "share of variance explained, new rows", linear=list(scores.values()))
    lab.results(**{f"R², {name}": score for name, score in scores.items()})


def explore(csv_text, json_text):
    """For a table written as CSV, then for one as JSON: its shape, and the number of gaps by column."""
    import csv
    import io
    import json

    found = []
    for rows in (list(csv.DictReader(io.StringIO(csv_text))), json.loads(json_text)):
        names = list(dict.fromkeys(name for row in rows for name in row))
        gaps = {name: sum(row.get(name) in (None, "") for row in rows) for name in names}
        found.append(((len(rows), len(names)), gaps))
    return found


def check_explore(function):
    for csv_text, records, gaps in (
        ("age,bmi\n59,32.1\n48,\n", [{"age": 59, "bmi": 32.1}, {"age": 48, "bmi": None}], {"age": 0, "bmi": 1}),
        ("a,b,c\n0,,x\n,,y\n", [{"a": 0, "c": "x"}, {"b": "", "c": "y"}], {"a": 1, "b": 2, "c": 0}),
    ):
        for form, (shape, counted) in zip(("CSV", "JSON"), function(csv_text, json.dumps(records)), strict=True):
            where, off = f"columns {', '.join(gaps)} in {form}", abs(shape[0] - 2) + abs(shape[1] - len(gaps))
            yield number(off, f"{where}: rows and columns miscounted") == 0
            yield number(sum(abs(counted.get(c, 99) - gaps[c]) for c in gaps), f"{where}: gaps miscounted") == 0


TRUE, READ, SIMPLE, TRAPPED = last("R², no gaps"), last("R², as read"), last("simple"), last("trapped")
LESSON = Lesson(
    covers=("C01",),
    run=run,
    knobs=Knobs,
    data=("diabetes", "wine", "breast-cancer"),
    takeaways=(
        "A text file holds characters; that a column is numbers, words or codes is somebody's guess.",
        "One NA makes words of a column for a simple loader; a gap written as 999 stays, and counts as a value.",
        "Least, mean and largest value betray such numbers; the shape and the first rows seldom do.",
        "Here 5 % of gaps cost little if known; if three columns hide theirs, half of what a model explains is lost.",
    ),
    show=("cells", "columns", "types", "file", "price"),
    rows=("S2-123", "S2-126", "S2-128"),
    predictions=(
        Prediction(
            "Each column has gaps. A simple loader takes one for numbers if every cell is. Which does it take so?",
            choices={
                "None, as each has gaps": SIMPLE == 0,
                "Some or all, and their gaps count as values": (TRAPPED > 0) & (TRAPPED == SIMPLE),
                "Some or all, and those have no gaps": last("gap hidden") + last("gap found") == 0,
            },
            why="NA, ? and - are no numbers, so their columns become words, which is noticed. 999 and 0 are numbers: "
            "just the columns that look clean hold gaps that count as values. Without gaps all pass.",
        ),
        Prediction(
            "Of what the linear model explains of new patients without gaps, how much is left with the file as read?",
            choices={
                "nine tenths or more": READ / TRUE >= 0.9,
                "about three quarters": (READ / TRUE).between(0.68, 0.85),
                "about half": (READ / TRUE).between(0.4, 0.65),
            },
            why="A known gap takes the mean: the more of them, the dearer. A hidden 999 sets its column's slope, by "
            "default that of body mass index and log triglycerides, which tell most; elsewhere it may cost little.",
        ),
    ),
    claims=(
        Claim(
            "Three of ten columns pass, gaps and all; a model then explains half as much, over 93 % if gaps are known",
            (SIMPLE == 3) & (TRAPPED == 3) & (last("gap hidden") == 54),
            (READ / TRUE).between(0.42, 0.64) & (last("R², all gaps known") / TRUE > 0.93),
            seeds=10,
        ),
        Claim(
            "Told of 999 and 0, the loader finds every gap and loses no value. Ten rows usually mislead the hasty one",
            (last("gap hidden", gaps="999,0") == 0) & (last("value lost", gaps="999,0") == 0) & (last("hasty") >= 1),
            seeds=10,
            needed=9,
        ),
        Claim("Of tumours 0 is also a true value", last("value lost", gaps="0") > 5, seeds=10, data="breast-cancer"),
    ),
    exercises=(
        Exercise(
            "With mixed marks and at least 5 % gaps, tell the loader, in `gaps`, what hides none and loses no value.",
            (SIMPLE == 3) & (last("gap found") >= 170) & (last("gap hidden") == 0) & (last("value lost") == 0),
            solution={"gaps": "999,0"},
            hints=("Which least and largest values are impossible? A body mass index of 999, a cholesterol of 0 …",),
        ),
        CodeExercise(
            "Load a CSV and a JSON table; return shape and gaps by column of each. Gaps are empty "
            "text, null and fields that a record lacks; 0 is a value. Here the first record is taken for all.",
            explore,
            check_explore,
            broken={"name for row in rows for name in row": "rows[0]", 'row.get(name) in (None, "")': "not row[name]"},
            hints=("Which names do all records together have? `row.get(name)` is None for a lacking field.",),
            rows=("S2-127",),
        ),
    ),
    quiz=quiz("""
        ? [compute] A column is 4, 5, NA, 6, 999. The loader knows NA, and fills it with the mean. With what?
        - 5
        - 202.8
        + 253.5
        = (4 + 5 + 6 + 999)/4. The 999 was a gap too, and has now written itself into another one.

        ? [foresee] Sex is coded 1 and 2, and read as numbers. What do the gaps get, filled with the mean?
        - 1 or 2, whichever is more frequent
        - 0, as for a code that is not known
        + A value that nobody has
        = Digits may be a quantity or a code; the file does not say. Of a code take the most frequent.

        ? [compute] JSON: `[{"a": 1, "b": null}, {"a": 0}, {"b": ""}]`. How many columns and gaps, if "" is a gap?
        + 2 and 4
        - 2 and 2
        - 2 and 5
        = Columns are all names that occur. a lacks once; b is null, lacking, empty; 0 is a value.
        & S2-125

        ? "A data set is rows and columns", says a text, and goes on to list images and recordings. What is wrong?
        - Images are rows and columns as well, of pixels
        + Only structured data comes as a table
        - Images are no data set until they have labels
        = One image is one sample; its rows are no samples, and its columns are no measurements.
        & S2-122

        ? [foresee] `patients.csv` begins with the bytes 50 4B 03 04. What does a careful loader do?
        - Read it as CSV: its name says so
        + Refuse it, as this is a ZIP archive
        - Try encodings until the letters look right
        = PNG, JPEG and ZIP begin with bytes of their own, and .xlsx files are ZIP archives. A name is only a name.
        & S2-124
    """),
    sources=(
        "Y. Shafranovich: Common format and MIME type for comma-separated values files, RFC 4180, 2005",
        "T. Bray (ed.): The JavaScript Object Notation (JSON) data interchange format, RFC 8259, 2017",
        "R. J. A. Little, D. B. Rubin: Statistical Analysis with Missing Data, 3rd ed., Wiley 2019, chapter 1",
    ),
)
