"""A folder of images and a table that names them, and folders that are like one and are not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from descend.datasets import catalogue
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from tests.engine.train.trained import notes, said, trained

NAMES: dict[str, Callable[[int], str]] = {
    "name": lambda i: f"p{i}.png",
    "stem": lambda i: f"p{i}",
    "folder": lambda i: f"images/p{i}.png",
    "more folders": lambda i: f"C:\\data\\images\\P{i}.PNG",
}


def write_rows(
    root: Path, name: Callable[[int], str] = NAMES["name"], change: Callable[[list[str]], None] | None = None
) -> None:
    words = ["train"] * 20 + ["valid"] * 8 + ["test"] * 12
    rows = [f"{name(i)},{'dog' if i % 2 else 'cat'},{i / 4},{words[i]},owner{i // 4}" for i in range(40)]
    if change is not None:
        change(rows)
    (root / "labels.csv").write_text("\n".join(["file,kind,age,part,owner", *rows]) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Forty pictures, dark cats and bright dogs, whose corner says which they are."""
    (tmp_path / "pets/images").mkdir(parents=True)
    for i in range(40):
        pixels = np.full((8, 8), 200 if i % 2 else 60, np.uint8)
        pixels[0, 0] = i
        Image.fromarray(pixels).save(tmp_path / f"pets/images/p{i}.png")
    write_rows(tmp_path / "pets")
    return tmp_path / "pets"


@pytest.mark.parametrize("name", list(NAMES))
def test_files_are_found_however_they_are_named(name: str, root: Path) -> None:
    write_rows(root, NAMES[name])
    spec = catalogue.find(f"{root}?target=kind")
    data = spec.load()
    assert (data.classes, data.label, spec.shape) == (("cat", "dog"), "kind", data.shape)
    for x, y in ((data.train_x, data.train_y), (data.test_x, data.test_y)):
        assert (x[:, 0, 0] % 2 == y).all()
        assert ((x[:, 4, 4] == 200) == y).all()
    assert len(data.train_x) == 32
    assert spec.files[0] == root / "labels.csv"
    assert len(spec.files) == 41


def test_numbers_parts_and_groups_come_from_columns(root: Path) -> None:
    data = catalogue.find(f"{root}?target=age&split=part").load()
    assert (data.task, data.targets) == ("regression", ("age",))
    assert data.train_held is not None
    assert (data.train_x[~data.train_held][:, 0, 0] == range(20)).all()
    assert (data.train_x[data.train_held][:, 0, 0] == range(20, 28)).all()
    assert np.allclose(data.test_y, data.test_x[:, 0, 0] / 4)
    grouped = catalogue.find(f"{root}?target=kind&group=owner").load()
    assert not set(grouped.train_x[:, 0, 0] // 4) & set(grouped.test_x[:, 0, 0] // 4)
    assert len(grouped.train_groups) == len(grouped.train_x)


def test_a_column_called_split_is_taken_and_a_share_besides_is_warned_of(root: Path) -> None:
    text = (root / "labels.csv").read_text().replace("part,", "Split,", 1)
    (root / "labels.csv").write_text(text)
    data = catalogue.find(f"{root}?target=kind&test=0.5").load()
    assert len(data.test_x) == 12
    assert "Warning: test= changed nothing, as the table already told the test part." in data.notes


def test_what_is_missing_twice_or_not_named_is_counted(root: Path) -> None:
    def change(rows: list[str]) -> None:
        rows[3] = "lost.png,cat,1,train,x"
        rows[4] = rows[5]
        rows[6] = rows[6].replace("cat", "")

    write_rows(root, change=change)
    with pytest.raises(
        DescendError, match=r"labels.csv names 1 image of 40 that is not in pets, the first 'lost.png' in line 5"
    ):
        catalogue.find(f"{root}?target=kind")
    data = catalogue.find(f"{root}?target=kind&missing=drop").load()
    told = " ".join(data.notes)
    assert len(data.train_x) + len(data.test_x) == 37
    for sentence in (
        "Left out: 1 image of 40 that is not in pets",
        "Left out: 1 image of 40 without a value in column 'kind', the first 'p6.png' in line 8",
        "Named twice and used once: 1 image, the first 'p5.png' in line 7",
        "Left out, as labels.csv does not name them: 2 images, the first p3.png",
    ):
        assert sentence in told


def repeat_names(root: Path) -> None:
    (root / "more").mkdir()
    Image.new("L", (8, 8)).save(root / "more/p0.png")


def broken(change: Callable[[list[str]], None]) -> Callable[[Path], None]:
    return lambda root: write_rows(root, change=change)


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (
            broken(lambda rows: rows.append("p0.png,dog,1,test,x")),
            "target=kind",
            "twice with different values, first 'p0.png' as 'cat' in line 2 and 'dog' in line 42",
        ),
        (lambda root: None, "target=kind&image=owner", "Column 'owner' of labels.csv names no image"),
        (lambda root: None, "target=colour", "has no column 'colour'"),
        (lambda root: None, "text=kind", "The option text is for a table"),
        (lambda root: None, "target=kind&group=owner&split=part", "two ways to choose the test rows"),
        (lambda root: (root / "images/p1.png").write_bytes(b"GIF"), "target=kind", "p1.png is not an image"),
        (lambda root: (root / "labels.csv").write_text("a,b\n1,2\n3,4\n"), "", "has no column that names images in"),
        (lambda root: (root / "labels.csv").write_text(""), "", "labels.csv is empty"),
        (lambda root: (root / "labels.csv").unlink(), "target=kind", "has no table that names its images; add"),
        (repeat_names, "target=kind", "Line 2 of labels.csv has 'p0.png', which may be images/p0.png or more/p0.png"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    change: Callable[[Path], object], options: str, sentence: str, root: Path
) -> None:
    change(root)
    with pytest.raises((DescendError, UsageError)) as caught:
        catalogue.find(f"{root}?{options}").load()
    assert sentence in str(caught.value)


def test_a_table_beside_folders_of_classes_changes_nothing(tmp_path: Path) -> None:
    for label, name in enumerate(("a", "b")):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(4):
            Image.new("L", (8, 8), 100 * label + i).save(tmp_path / f"set/{name}/{i}.png")
    for table in ("notes.csv", "labels.csv"):
        (tmp_path / "set" / table).write_text("code,meaning\n0,first\n1,second\n")
        assert catalogue.find(str(tmp_path / "set")).classes == ("a", "b")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (["train.csv"], "train.csv, to learn from that, or add a test.csv beside it"),
        (["houses.csv"], "has no images; name its table"),
        (["a.csv", "b.csv"], "has 2 tables, a.csv, b.csv; name the one to learn from"),
        ([], "images are put into one folder for each class"),
    ],
)
def test_a_folder_of_tables_is_not_told_of_as_images(files: list[str], sentence: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_text("a,b\n" + "1,2\n" * 20)
    with pytest.raises((DescendError, UsageError)) as caught:
        catalogue.find(str(tmp_path))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("target", ["kind", "age"])
def test_it_is_trained_predicted_and_evaluated(target: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("simple-cnn", f"{root}?target={target}&split=part", validation=0.1, epochs=4)
    assert "20 training images" in notes(said(run))
    assert main(["predict", run.id, str(root)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 41
    assert printed[0].startswith("image,prediction,probability cat" if target == "kind" else "image,predicted age")
    write_rows(root, change=lambda rows: rows.__setitem__(3, "lost.png,cat,1,train,x"))
    assert main(["evaluate", run.id, str(root), "--json"]) == 0
    assert '"samples": 39' in (printed := capsys.readouterr().out)
    assert "1 image that labels.csv names and pets does not hold" in printed
    (root / "labels.csv").write_text("file,weight\np1.png,3\np2.png,4\n")
    assert main(["evaluate", run.id, str(root)]) != 0
    assert f"labels.csv lacks column '{target}'" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "npz", "txt", "csv.gz", "npy"])
def test_an_empty_file_is_a_sentence(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"t.{ending}"
    file.touch()
    with pytest.raises(DescendError, match=f"t.{ending} is empty; there is nothing to learn from"):
        catalogue.find(str(file))


def test_packed_parquet_is_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"a": list(range(40)), "kind": ["x", "y"] * 20})
    parquet.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    plain, packed = (catalogue.find(str(tmp_path / name)).load() for name in ("t.parquet", "t.parquet.gz"))
    assert np.array_equal(plain.train_x, packed.train_x)
    (tmp_path / "t.parquet.gz").write_bytes((tmp_path / "t.parquet.gz").read_bytes()[:-20])
    with pytest.raises(DescendError, match=r"t.parquet.gz is damaged, or its end is missing"):
        catalogue.find(str(tmp_path / "t.parquet.gz"))


def test_labels_of_pictures_are_looked_at_as_those_of_rows_are(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bright = [i % 2 for i in range(40)]
    rows = [f"p{i}.png,{bright[i]},{int(i < 10)},0,{'ab'[i % 2]}{';c' * (i % 3 == 0)}" for i in range(40)]
    (root / "labels.csv").write_text("\n".join(["file,bright,early,never,words", *rows]) + "\n")
    data = catalogue.find(f"{root}?target=bright,early,never").load()
    assert (data.task, data.targets, data.label) == ("labels", ("bright", "early", "never"), "")
    for x, y in ((data.train_x, data.train_y), (data.test_x, data.test_y)):
        number = x[:, 0, 0]
        assert np.array_equal(y, np.stack([number % 2, number < 10, 0 * number], 1))
    assert any("no row has the label 'never'" in note for note in data.notes)
    cut = catalogue.find(f"{root}?target=words&task=labels").load()
    assert (cut.targets, cut.label, cut.mark) == (("a", "b", "c"), "words", ";")
    assert np.array_equal(cut.train_y[:, 2], cut.train_x[:, 0, 0] % 3 == 0)
    numbers = catalogue.find(f"{root}?target=bright,early&task=regression").load()
    assert (numbers.task, numbers.train_y.shape) == ("regression", (32, 2))
    assert main(["data", "show", f"{root}?target=words&task=labels"]) == 0
    assert "Labels, of which a sample can have several" in capsys.readouterr().out


def test_pictures_without_a_label_are_missing_it_or_have_none(root: Path) -> None:
    write = (root / "labels.csv").write_text
    write("\n".join(["file,words", *(f"p{i}.png,{('', 'a', 'a|b')[i % 3]}" for i in range(40))]) + "\n")
    address = f"{root}?target=words&task=labels"
    with pytest.raises(DescendError, match=r"add it, say empty=none if an empty cell says .* or say missing=drop"):
        catalogue.find(address)
    assert sum(catalogue.find(f"{address}&empty=none").load().train_y.any(1)) < 32
    dropped = catalogue.find(f"{address}&missing=drop").load()
    assert len(dropped.train_x) + len(dropped.test_x) == 26
    with pytest.raises(UsageError, match="mark= is for task=labels, and here the task is classification"):
        catalogue.find(f"{root}?target=words&mark=;&missing=drop")
    write("\n".join(["file,a,b", *(f"p{i}.png,{i % 2},{'maybe' if i == 7 else 0}" for i in range(40))]) + "\n")
    with pytest.raises(DescendError, match=r"Column 'b' of labels.csv has 'maybe' in line 9"):
        catalogue.find(f"{root}?target=a,b&task=labels")
