"""What the endpoint takes and gives, as pydantic models made of a training's preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, create_model

if TYPE_CHECKING:
    from descend.datasets.preparation import Preparation

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
"""A number, and not true or false."""
LONGEST = 100_000
"""Characters of a text in a row."""
SHOWN = 20
"""Categories that the documentation lists."""


def make_row(prepared: Preparation) -> type[BaseModel]:
    """One sample: a field for each column that was trained on, null where its value is missing; of pictures, one with
    the file in base64. Other columns may be there."""
    text = Annotated[str, Field(max_length=LONGEST)]
    if prepared.kind == "image":
        fields: dict[str, Any] = {"image": (str, Field(description="a picture's file, in base64"))}
    elif prepared.text:
        fields = {"column_0": (text | None, Field(alias=prepared.text, description="the text"))}
    else:
        fields = {
            f"date_{place}": (text | None, Field(alias=date.name, description="a date, such as 2026-03-31"))
            for place, date in enumerate(prepared.dates)
        }
        made = {name for date in prepared.dates for name in date.features}
        for place, encoder in enumerate(prepared.encoders):
            if encoder.name in made:
                continue
            about = (
                f"a category, such as {', '.join(encoder.words[:SHOWN])}"
                if encoder.words
                else "a number; as text as the training's table had it"
            )
            kind = text | float | bool | None if encoder.words else Number | text | None
            fields[f"column_{place}"] = (kind, Field(alias=encoder.name, description=about))
    return create_model("Row", **fields)


def make_request(prepared: Preparation, rows: int) -> type[BaseModel]:
    """A request: at least one row, ``rows`` at most."""
    row = make_row(prepared)
    return create_model("Request", rows=(Annotated[list[row], Field(min_length=1, max_length=rows)], ...))  # type: ignore[arg-type, valid-type]


def make_answer(prepared: Preparation) -> type[BaseModel]:
    """The answer: a prediction for each row, and what stood in for what."""
    if prepared.classes:
        fields: dict[str, Any] = {"prediction": (str, ...), "probability": (dict[str, float], ...)}
    elif prepared.task == "labels":
        about = Field(description=f"the labels that it has, of {', '.join(prepared.targets[:SHOWN])}")
        fields = {"prediction": (list[str], about), "probability": (dict[str, float], ...)}
    else:
        fields = {f"target_{place}": (float, Field(alias=name)) for place, name in enumerate(prepared.targets)}
    prediction = create_model("Prediction", **fields)
    notes = Field(description="what was missing or new, and what stood in for it")
    return create_model("Answer", predictions=(list[prediction], ...), notes=(list[str], notes))  # type: ignore[valid-type]
