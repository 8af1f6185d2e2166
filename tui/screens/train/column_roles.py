"""What each column of the user's own table is for, as options say it and as it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.datasets.table_survey import Survey

LEARN, UNUSED = "learn from", "not used"
TARGET = "predict"
OF_TABLE = {
    "ignore": "leave out",
    "categories": "codes",
    "group": "keep together",
    "time": "order in time",
    "split": "says the part",
    "text": "text to read",
}
"""Options that name columns of a table, and what these are then for."""
OF_IMAGES = {"image": "names images", "group": "keep together", "split": "says the part"}
SEVERAL = ("ignore", "categories", "target")
CHOICES = {
    "missing": ("error", "mean", "drop"),
    "dates": ("", "parts", "drop", "day-first", "month-first"),
    "case": ("", "fold"),
    "totals": ("", "drop", "keep"),
    "task": ("", "classification", "regression"),
    "encode": ("onehot", "ordinal"),
}
"""Other options with the values that they can have, the usual first."""
MEANING = {
    "missing": {"error": "not allowed", "mean": "filled: mean, or most frequent", "drop": "their rows left out"},
    "dates": {
        "": "not allowed",
        "parts": "year, month, weekday, hour, days",
        "drop": "left out",
        "day-first": "parts, 3/4 is in April",
        "month-first": "parts, 3/4 is in March",
    },
    "case": {"": "'Yes' and 'yes ' are two", "fold": "'Yes' and 'yes ' are one"},
    "totals": {"": "left out if they sum up", "drop": "left out", "keep": "kept"},
    "task": {"": "by what is in the target", "classification": "classes", "regression": "numbers"},
    "encode": {"onehot": "a column for each", "ordinal": "one of ranks"},
}
CALLED = {
    "missing": "missing values",
    "dates": "dates",
    "case": "spellings",
    "totals": "rows of totals",
    "task": "to predict",
    "encode": "categories",
}


def list_choices(survey: Survey) -> dict[str, tuple[str, ...]]:
    """The options of its kind of data that are not columns, with their values."""
    if survey.images:
        return {"missing": ("error", "drop"), "task": CHOICES["task"]}
    return CHOICES


def list_roles(survey: Survey) -> tuple[str, ...]:
    """What a column of it can be for."""
    ways = OF_IMAGES if survey.images else OF_TABLE
    return (UNUSED if survey.images else LEARN, TARGET, *ways.values())


def find_roles(survey: Survey, options: Mapping[str, str]) -> dict[str, str]:
    """What each column is for, by its name, where ``options`` are given."""
    usual, *_ = list_roles(survey)
    ways = {**(OF_IMAGES if survey.images else OF_TABLE), "target": TARGET}
    names = {**{str(at): one.name for at, one in enumerate(survey.columns, 1)}}
    names |= {one.name.lower(): one.name for one in survey.columns}
    roles = {one.name: usual for one in survey.columns}
    for option, role in ways.items():
        value = options.get(option, "")
        several = value.split(",") if option in SEVERAL and value.lower() not in names else [value]
        for word in several:
            if (name := names.get(word.strip().lower())) is not None:
                roles[name] = role
    if not options.get("target") and survey.target in roles and roles[survey.target] == usual:
        roles[survey.target] = TARGET
    return roles


def turn_role(survey: Survey, roles: Mapping[str, str], name: str, by: int) -> dict[str, str]:
    """``roles`` with the next one for a column; what only one can have leaves the column that had it."""
    known = list_roles(survey)
    usual = known[0]
    role = known[(known.index(roles[name]) + by) % len(known)]
    several = {TARGET, OF_TABLE["ignore"], OF_TABLE["categories"], usual}
    turned = {other: usual if had == role and role not in several else had for other, had in roles.items()}
    return {**turned, name: role}


def make_options(survey: Survey, roles: Mapping[str, str], options: Mapping[str, str]) -> dict[str, str]:
    """The options that say what ``roles`` do, and the other ``options`` as they are."""
    ways = {"target": TARGET, **(OF_IMAGES if survey.images else OF_TABLE)}
    found = {}
    for option, role in ways.items():
        if named := [one.option for one in survey.columns if roles[one.name] == role]:
            found[option] = ",".join(named)
    usual = {name: values[0] for name, values in list_choices(survey).items()}
    kept = {name: value for name, value in options.items() if name not in ways and value != usual.get(name)}
    return {**found, **kept}
