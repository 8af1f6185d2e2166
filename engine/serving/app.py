"""The web application: ``/predict``, ``/health``, and the page that documents both."""

from __future__ import annotations

import base64
import binascii
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.requests import Request
from fastapi.responses import JSONResponse, RedirectResponse

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.serving.body_limit import BodyLimit
from descend.engine.serving.row_schema import make_answer, make_request

if TYPE_CHECKING:
    from descend.engine.train.loaded_model import LoadedModel

UNFIT = 422
LISTED = 10
"""Mistakes of a request that are told."""


def make_app(model: LoadedModel, run: str, rows: int, size: int) -> FastAPI:
    """The application that serves ``model``.

    Args:
        run: the training's name.
        rows: the most rows of a request.
        size: the most bytes of a request.
    """
    prepared = model.prepared
    app = FastAPI(title=f"descend: {clean(run)}", description=f"A model trained on {prepared.shape}.")
    app.add_middleware(BodyLimit, limit=size)
    form, answer = make_request(prepared, rows), make_answer(prepared)

    @app.exception_handler(RequestValidationError)
    async def tell_what_is_wrong(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": describe_mistakes(error.errors())}, UNFIT)

    @app.exception_handler(400)
    async def tell_that_it_is_no_json(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": "The body is no JSON that can be read; it may be nested too deeply."}, UNFIT)

    @app.get("/", include_in_schema=False)
    async def show_documentation() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/health")
    async def tell_health() -> dict[str, Any]:
        """Whether it serves, and what."""
        names = prepared.targets if prepared.task == "labels" else prepared.classes
        return {"status": "ok", "run": run, "task": prepared.task, "classes": list(names)}

    def predict(request: Any) -> Any:
        """What the training predicts of each row."""
        given = [row.model_dump(by_alias=True) for row in request.rows]
        try:
            found, notes = predict_rows(model, given)
        except DescendError as error:
            raise HTTPException(UNFIT, clean(str(error))) from None
        return {"predictions": found, "notes": notes}

    predict.__annotations__ = {"request": form, "return": answer}
    app.post("/predict")(predict)
    return app


def predict_rows(model: LoadedModel, rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """What ``model`` predicts of ``rows``, and sentences on what stood in for what.

    Raises:
        DescendError: a picture cannot be read, or a number is too large for what it takes.
    """
    notes: list[str] = []
    if model.prepared.kind == "image":
        found = predict_pictures(model, [row["image"] for row in rows])
    else:
        found = model.predict(rows, notes)
    for place, one in enumerate(found, 1):
        values = one["probability"].values() if "probability" in one else one.values()
        if not all(map(math.isfinite, values)):
            raise DescendError(f"Row {place} has numbers too large for the model; nothing can be predicted of it.")
    return found, notes


def predict_pictures(model: LoadedModel, pictures: Sequence[str]) -> list[dict[str, Any]]:
    """What ``model`` predicts of pictures in base64.

    Raises:
        DescendError: one is not base64, or no picture.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, files = Path(name), []
        for place, text in enumerate(pictures, 1):
            file = folder / f"picture {place}"
            try:
                file.write_bytes(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                raise DescendError(f"{file.name} is not base64.") from None
            files.append(file)
        try:
            return model.predict(files)
        except DescendError as error:
            raise DescendError(str(error).replace(f"{folder}/", "")) from None


def describe_mistakes(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Where and what, of each mistake; nothing of the request itself, which may be large or private."""
    return [
        {"where": clean(".".join(map(str, error["loc"][1:])))[:200] or "body", "what": clean(error["msg"])[:200]}
        for error in errors[:LISTED]
    ]


def limit_threads(count: int) -> None:
    """Compute each request with ``count`` threads; requests run beside each other."""
    torch.set_num_threads(count)
