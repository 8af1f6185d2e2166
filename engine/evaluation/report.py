"""A report one can hand on: Markdown, JSON, and pictures as SVG, in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from descend.datasets.data_shape import format_count
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.evaluation import svg
from descend.engine.evaluation.calibration import choose_probability, find_reliability, name_probability
from descend.engine.evaluation.curves import thin, trace_precision_recall, trace_roc
from descend.engine.evaluation.evaluation import Evaluation
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.judged_text import JudgedText
from descend.engine.evaluation.names import LOWER, NAMES, name_class_columns, write_share, write_value

MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\|*_`[]#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
CURVES = 8
"""Classes whose curves are drawn."""
POINTS = 200
"""Points of a drawn curve, at most."""
UNIT = (True, True)
STRETCHES = 40
"""Parts of a text whose loss is drawn."""
DRAWN = 500
"""Samples drawn as marks."""


def require_folder(folder: Path, force: bool) -> None:
    """Check that a report can be written to ``folder``, before anything is measured.

    Raises:
        UsageError: it is a file, or holds something and ``force`` is not given.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"'{folder.name}' is a file; a report is a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise UsageError(f"The folder '{folder.name}' is not empty; choose another, or say --force.")


def make_object(found: Evaluation, run: str, source: str) -> dict[str, Any]:
    """All that was measured, as JSON knows it."""
    judged = found.judged
    return {
        "run": run,
        "data": source,
        "samples": len(judged),
        "unit": judged.unit,
        "trained_on": judged.trained_on,
        "notes": list(judged.notes),
        "metrics": {
            name: {"value": value, **({**asdict(found.intervals[name])} if name in found.intervals else {})}
            for name, value in found.metrics.items()
        },
        "baselines": {name: dict(metrics) for name, metrics in found.baselines.items()},
        "comparisons": {name: asdict(one) for name, one in found.comparisons.items()},
        "besides": {name: asdict(one) for name, one in found.besides.items()},
        "imbalance": found.imbalance,
        "calibration": found.calibration,
        "sentences": found.sentences,
        "classes": [dict(one) for one in found.classes],
        "names": list(judged.targets if judged.labelled else judged.classes),
        "labelled": judged.labelled,
        "confusion": None if found.confusion is None else found.confusion.tolist(),
        "worst": [asdict(one) for one in found.worst],
        "slices": [asdict(one) for one in found.slices],
        "noise": [{"deviation": level, **values} for level, values in found.noise],
        "noise_samples": found.disturbed,
    }


def write_report(found: Evaluation, run: str, source: str, folder: Path) -> None:
    """Write ``report.md``, ``report.json`` and the pictures.

    Raises:
        DescendError: they cannot be written.
    """
    pictures = draw_pictures(found)
    text = write_markdown(found, run, source, [*pictures])
    written = json.dumps(make_object(found, run, source), allow_nan=False, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
        (folder / "report.json").write_text(written + "\n", encoding="utf-8")
        (folder / "report.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise DescendError(f"The report cannot be written to '{folder}' ({error.strerror}).") from None


def write_markdown(found: Evaluation, run: str, source: str, pictures: Sequence[str]) -> str:
    """The report as text."""
    judged, names = found.judged, [*found.baselines]
    count = format_count(len(judged), judged.unit)
    parts = [f"# {escape(run)} on {escape(source)}", f"{count}. {' '.join(map(escape, judged.notes))}"]
    parts.append("\n".join(f"- {escape(sentence)}" for sentence in found.sentences))
    rows = []
    for name, value in found.metrics.items():
        interval = found.intervals.get(name)
        told = [write_value(name, interval.low), write_value(name, interval.high), interval.method] if interval else []
        between = f"{told[0]} to {told[1]} ({told[2]})" if told else ""
        rows.append(
            [NAMES[name], write_value(name, value), between]
            + [write_value(name, found.baselines[other].get(name)) for other in names]
        )
    parts.append("## Metrics\n\n" + tabulate(["metric", "value", "95 % interval", *names], rows))
    if found.classes:
        what = "label" if judged.labelled else "class"
        shares = name_class_columns(found.classes, judged.labelled)
        listed = [
            [str(o["class"]), f"{o['samples']:,}", *(write_value(k, o.get(k)) for k in shares)] for o in found.classes
        ]
        parts.append(f"## Each {what}\n\n" + tabulate([what, "samples", *shares.values()], listed))
    if pictures:
        parts.append("## Pictures\n\n" + "\n\n".join(f"![{name}]({name}.svg)" for name in pictures))
    if found.worst:
        mistakes = [
            [one.said, "" if one.sure is None else write_share(one.sure), one.true, one.sample] for one in found.worst
        ]
        parts.append("## Worst mistakes\n\n" + tabulate(["said", "probability", "true", "sample"], mistakes))
    heads = [NAMES[name] for name in found.told]
    if found.slices:
        sliced = [[o.column, o.word, f"{o.samples:,}", *write_told(found, o.values)] for o in found.slices]
        parts.append("## By category\n\n" + tabulate(["column", "value", "samples", *heads], sliced))
    if found.noise:
        noisy = [[f"{level:g}", *write_told(found, values)] for level, values in found.noise]
        parts.append("## With noise in the input\n\n" + tell_disturbed(found))
        parts.append(tabulate(["deviation", *heads], noisy))
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def write_told(found: Evaluation, values: Mapping[str, float]) -> list[str]:
    """The metrics that parts of the samples are told in."""
    return [write_value(name, values.get(name)) for name in found.told]


def tell_disturbed(found: Evaluation) -> str:
    """On how many samples the noise was measured."""
    count, unit = len(found.judged), found.judged.unit
    if found.disturbed == count:
        return f"On all {format_count(count, unit)}."
    return f"On {found.disturbed:,} of the {format_count(count, unit)}, drawn at random; without noise, too."


def tabulate(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(escape, line)) + " |" for line in lines)


def escape(text: str) -> str:
    """``text`` without control sequences and without what Markdown or HTML take for markup."""
    return " ".join(clean(text).translate(MARKS).split())


def draw_pictures(found: Evaluation) -> dict[str, str]:
    """Each picture by its name."""
    judged = found.judged
    pictures: dict[str, str] = {}
    if isinstance(judged, JudgedText):
        return draw_text_pictures(judged)
    if judged.classified:
        pictures |= draw_class_pictures(found)
    elif judged.labelled:
        reliable = {
            clean(name): (judged.said[:, label], judged.truth[:, label])
            for label, name in enumerate(judged.targets[:CURVES])
        }
        pictures["reliability"] = draw_reliability(reliable, ("probability of the label", "share that has it"))
        pictures |= draw_curves(judged)
    else:
        truth, said = judged.truth[:DRAWN, 0], judged.said[:DRAWN, 0]
        name = clean(judged.targets[0]) if judged.targets else "value"
        pictures["predicted"] = svg.draw_chart(
            "Predicted against true", (f"true {name}", f"predicted {name}"), {}, pair(truth, said), diagonal=True
        )
        pictures["residuals"] = svg.draw_chart(
            "Residuals", (f"predicted {name}", "predicted - true"), {}, pair(said, said - truth)
        )
    name = found.told[0]
    if noisy := [(level, values[name]) for level, values in found.noise if name in values]:
        pictures["noise"] = svg.draw_chart(
            f"With noise in the input, {format_count(found.disturbed, judged.unit)}",
            ("deviation of the noise", NAMES[name]),
            {"": noisy},
            unit=(True, name not in (*LOWER, "r2")),
        )
    return pictures


def draw_class_pictures(found: Evaluation) -> dict[str, str]:
    """Reliability, ROC and precision-recall curves, and the confusion matrix."""
    judged, count = found.judged, len(found.judged.classes)
    assert isinstance(judged, Judged)
    chosen = {"": choose_probability(judged.truth, judged.said)}
    x, y = map(clean, name_probability(judged.classes))
    pictures = {"reliability": draw_reliability(chosen, (x, y))}
    pictures |= draw_curves(judged)
    if found.confusion is not None and count <= 20:
        names = [clean(name) for name in judged.classes]
        pictures["confusion"] = svg.draw_matrix("Confusion", ("said", "true"), names, found.confusion.tolist())
    return pictures


def draw_reliability(said: Mapping[str, tuple[Any, Any]], axes: tuple[str, str]) -> str:
    """How often what a probability is of came true, by the probability; both (n,), by the name of the line."""
    lines = {}
    for name, (sure, right) in said.items():
        counts, mean, share = find_reliability(sure, right)
        lines[name] = pair(mean[counts > 0], share[counts > 0])
    return svg.draw_chart("Reliability", axes, lines, (), True, UNIT)


def draw_text_pictures(judged: JudgedText) -> dict[str, str]:
    """Reliability, the loss by what was seen before, and from the beginning of the text to its end."""
    import numpy as np

    unit, counts = judged.unit, judged.known
    loss = f"loss, nats per {unit}"
    kept = np.where(counts, judged.loss, 0).reshape(-1, judged.window), counts.reshape(-1, judged.window)
    by_place = kept[0].sum(0) / np.maximum(kept[1].sum(0), 1)
    edges = np.linspace(0, len(counts), min(STRETCHES, len(counts)) + 1).astype(int)
    along = [np.add.reduceat(part.ravel(), edges[:-1]) for part in kept]
    middle, seen = (edges[:-1] + edges[1:]) / 2, kept[1].any(0)
    read = along[1] > 0
    return {
        "reliability": draw_reliability(
            {"": (judged.sure[counts], (judged.guessed == judged.truth)[counts])},
            (f"probability of the likeliest {unit}", "share that is right"),
        ),
        "by-context": svg.draw_chart(
            "Loss by what was seen before",
            (f"{unit}s seen before", loss),
            {"": pair(*thin(np.stack([np.arange(1, judged.window + 1)[seen], by_place[seen]], 1), POINTS).T)},
        ),
        "along-the-text": svg.draw_chart(
            "Loss along the text",
            (f"{unit}s from its beginning", loss),
            {"": pair(middle[read], along[0][read] / along[1][read])},
        ),
    }


def draw_curves(judged: Judged) -> dict[str, str]:
    """ROC and precision-recall curves of the first classes or labels; of two classes those of the second."""
    names = judged.targets if judged.labelled else judged.classes
    roc, precision = {}, {}
    for label in [1] if len(judged.classes) == 2 else range(min(len(names), CURVES)):
        positive = judged.truth[:, label] == 1 if judged.labelled else judged.truth == label
        if positive.any() and not positive.all():
            name = clean(names[label])
            roc[name] = pair(*trace_roc(positive, judged.said[:, label], POINTS).T)
            precision[name] = pair(*trace_precision_recall(positive, judged.said[:, label], POINTS).T)
    if not roc:
        return {}
    axes = ("false positives, share of the negatives", "true positives, share of the positives")
    return {
        "roc": svg.draw_chart("ROC curves", axes, roc, (), True, UNIT),
        "precision-recall": svg.draw_chart("Precision and recall", ("recall", "precision"), precision, (), False, UNIT),
    }


def pair(x: Any, y: Any) -> list[tuple[float, float]]:
    """Points of two arrays."""
    return list(zip(x.tolist(), y.tolist(), strict=True))
