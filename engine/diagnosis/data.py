"""What the data itself does to a result: rare classes, nothing to be learned, or an answer given away."""

from __future__ import annotations

import math
import re

import numpy as np

from descend.datasets.dataset import WARNING
from descend.engine.diagnosis.evidence import Evidence
from descend.engine.diagnosis.finding import Finding, Severity
from descend.engine.diagnosis.fitting import name_part

EVALUATIONS = 4
"""Evaluations before anything is said of a result, unless it is the final one."""
RARE, COMMON = 1 / 3, 1.5
"""Share of an even share that a rare class has at most, and the commonest at least."""
COUNTED = 5
"""Samples of a class from which on its recall says something."""
MISSED, FOUND = 0.5, 0.8
"""Recall below which a class is mostly missed, and from which on one is found."""
CHANCE = 2.0
"""Standard errors above a baseline up to which chance explains a score."""
TELLS = 0.1
"""Recall that chance alone may add where a score can be called worthless: with fewer samples nobody can tell."""
NOTHING = 0.02
"""R² up to which the mean is as good."""
UNIFORM = 0.98
"""Share of the loss of a constant answer, below which something is learned."""
GOOD, SOON = 0.98, 0.2
"""Accuracy or R² that is too good, and the share of the training within which it comes too soon: tables without a leak
get there late or never."""
MANY = 200
"""Samples it is measured on from which on a perfect score is no luck."""
PERFECT = 0.998
"""Accuracy that is suspicious even if no column is."""


def find_imbalance(e: Evidence) -> Finding | None:
    """A rare class is mostly missed, which accuracy hides."""
    counts = e.confusion
    if counts is None or len(counts) < 2 or e.knobs.get("class_weights") != "none" or not _settled(e):
        return None
    sizes, total = counts.sum(1), counts.sum()
    even = total / len(counts)
    recall = np.diag(counts) / np.maximum(sizes, 1)
    common = int(sizes.argmax())
    rare = [place for place in range(len(counts)) if COUNTED <= sizes[place] <= RARE * even and recall[place] < MISSED]
    if not rare or sizes[common] < COMMON * even or recall[common] < FOUND:
        return None
    worst = min(rare, key=lambda place: float(recall[place]))
    accuracy = np.diag(counts).sum() / total
    told = (
        f"'{e.classes[worst]}' is {100 * sizes[worst] / total:.1f} % of {name_part(e)} and found in "
        f"{np.diag(counts)[worst]:,} of {sizes[worst]:,}, while the accuracy is {100 * accuracy:.1f} %; always saying "
        f"'{e.classes[common]}' gets {100 * sizes[common] / total:.1f} %."
    )
    more = f" and {len(rare) - 1} more" if len(rare) > 1 else ""
    return Finding(
        "imbalance",
        f"misses the rare class '{e.classes[worst]}'{more}",
        told,
        "Let each class count alike in the training loss.",
        "bayesian-estimation",
        {"class_weights": "balanced"},
    )


def find_baseline(e: Evidence) -> Finding | None:
    """What it says is worth no more than an answer that does not look."""
    (_, r2), (_, loss), counts = e.judged("r2"), e.judged("loss"), e.confusion
    if not len(loss) or not _settled(e) or (not e.done and e.share < 0.5):
        return None
    if len(r2):
        if r2.max() > NOTHING:
            return None
        told = f"R² on {name_part(e)} is {r2.max():.3f} at best; always saying the mean gets 0."
        short = "no better than the mean"
    elif counts is not None and len(counts) > 1:
        sizes, total = counts.sum(1), counts.sum()
        there, common = sizes > 0, e.classes[int(sizes.argmax())]
        base, accuracy = float(sizes.max() / total), float(np.diag(counts).sum() / total)
        recall = float((np.diag(counts)[there] / sizes[there]).mean())
        even = 1 / int(there.sum())
        spread = math.sqrt(base * (1 - base) / total)
        loose = math.sqrt(float((even * (1 - even) / sizes[there]).sum())) * even
        if loss.min() < UNIFORM * e.constant:
            return None
        if CHANCE * loose > TELLS or accuracy > base + CHANCE * spread or recall > even + CHANCE * loose:
            return None
        told = (
            f"On {name_part(e)} {100 * accuracy:.1f} % are right; always saying '{common}' gets {100 * base:.1f} %, "
            f"and with {int(total):,} samples up to {100 * (base + CHANCE * spread):.1f} % would be no more than luck."
        )
        short = f"no better than always '{common}'"
    elif e.prepared is not None and e.prepared.vocabulary and len(loss):
        uniform = math.log(len(e.prepared.vocabulary))
        if loss.min() < UNIFORM * uniform:
            return None
        told = (
            f"The loss on {name_part(e)} is {loss.min():.3g} at best; guessing all characters alike gets {uniform:.3g}."
        )
        short = "no better than guessing"
    else:
        return None
    learned = e.unlearned < 0.5
    remedy = (
        "Look at the data: what it has learned of the training part says nothing about other samples."
        if learned
        else "Look at the data: are the targets right, and can the inputs tell them? `descend data show` lists both."
    )
    return Finding("no better than guessing", short, told, remedy, "data-splits", {}, "serious")


def find_leak(e: Evidence) -> Finding | None:
    """Too good too soon, in a table: a column that is known only afterwards, or rows that are in both parts."""
    if e.prepared is None or e.prepared.kind != "table" or not e.data or not _is_file(e.data):
        return None
    metric = "accuracy" if e.prepared.task == "classification" else "r2"
    steps, values = e.judged(metric)
    if len(values) < 2 or not e.share:
        return None
    soon = steps <= max(float(steps[1]), SOON * e.step / e.share)
    named = [note.text for note in e.history.notes if note.text.startswith(WARNING) and "ignore=" in note.text]
    column = next((text for text in named if "column" in text and ("tells the class" in text or "copy" in text)), "")
    best = float(values[soon].max())
    counts = e.confusion
    recall = float((np.diag(counts) / np.maximum(counts.sum(1), 1)).mean()) if counts is not None else 1.0
    seen = int(counts.sum()) if counts is not None else 0
    if not (column and best >= GOOD) and not (
        metric == "accuracy" and best >= PERFECT and seen >= MANY and recall > GOOD
    ):
        return None
    at = int(steps[soon][int(values[soon].argmax())])
    told = f"{'R²' if metric == 'r2' else 'Accuracy'} on {name_part(e)} is {best:.4g} at step {at:,} already."
    remedy = "Look for a column that is known only after what it predicts, and for rows that are there twice."
    if column:
        told += f" The {column.removeprefix(WARNING).partition(';')[0]}."
        option = re.search(r"ignore=(\S+)", column)
        remedy = f"If it is known only afterwards, leave it out: add {option[0]} to the data." if option else remedy
    severity: Severity = "serious" if column else "moderate"
    return Finding("leak", "too good too soon: a leak?", told, remedy, "preprocessing", {}, severity)


def _settled(e: Evidence) -> bool:
    return len(e.judged("loss")[0]) > EVALUATIONS or e.done


def _is_file(data: str) -> bool:
    """Whether it is of the user's own; what comes with descend is known to have no leak."""
    from descend.datasets import catalogue

    return data.partition("?")[0] not in catalogue.list_specs()
