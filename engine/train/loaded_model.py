"""The model of a finished training for other programs: one module from prepared samples to what is predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from descend.datasets.records import write_number
from descend.engine.base.errors import UsageError
from descend.engine.evaluation.decision import EVEN, Threshold, decide_class, decide_labels
from descend.engine.train import output_activation
from descend.engine.train.evaluation import find_scores
from descend.engine.train.labels_task import Labels
from descend.engine.train.predictor import Restored, restore_training
from descend.engine.train.task import Classification, LanguageModelling, Reconstruction, Regression

if TYPE_CHECKING:
    from descend.datasets.preparation import Preparation
    from descend.engine.run.runs import Run

OF_CELLS = ("gaps", "values", "case", "text", "decimal", "thousands")
"""Options of a table that say what its cells mean, also where they are not of a file."""


class LoadedModel(nn.Module):
    """A trained network with the scaling before it and what makes predictions of its scores after it.

    ``forward`` takes tables as numbers in their own units, float32 (n, d); images with values from 0 to 1, float32
    (n, channels, height, width); texts as indices into the vocabulary, int64 (n, t). It gives the probability of each
    class, float32 (n, classes), or of each label, float32 (n, labels); numbers in the target's unit, float64 (n, k);
    the scores of each next token, float32 (n, t, vocabulary); or the input again, float32.

    Attributes:
        net: the network alone, as it was trained.
        prepared: how its data was prepared: classes, columns, vocabulary.
        threshold: of two classes, the probability of the second from which on `predict` says it; of labels that of
            each, or one for all.
    """

    shift: Tensor
    scale: Tensor
    target_mean: Tensor
    target_std: Tensor

    def __init__(self, restored: Restored, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.net, self.prepared, form, self._objective = restored
        self.threshold: Threshold = getattr(self._objective, "threshold", EVEN)
        self._options = {name: value for name, value in (options or {}).items() if name in OF_CELLS}
        self._scales = len(form.mean) > 0
        self.register_buffer("shift", form.mean.clone() if self._scales else torch.zeros(()))
        self.register_buffer("scale", form.std.clone() if self._scales else torch.ones(()))
        self.register_buffer("target_mean", form.target_mean.reshape(-1).clone())
        self.register_buffer("target_std", form.target_std.reshape(-1).clone())
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Predictions of prepared samples ``x``."""
        objective, part = self._objective, self._objective.part
        x = (x - self.shift) / self.scale if self._scales else x
        output = find_scores(self.net(x), part).float()
        if isinstance(objective, Regression):
            return output.reshape(-1, len(self.prepared.targets)).double() * self.target_std + self.target_mean
        if isinstance(objective, Classification):
            return self._find_probabilities(output)
        if isinstance(objective, Labels):
            scores = output.reshape(-1, len(self.prepared.targets))
            return output_activation.find_log_odds(scores, objective.ends).sigmoid()
        if isinstance(objective, LanguageModelling):
            scores = output.reshape(-1, x.shape[1], len(self.prepared.vocabulary))
            return output_activation.remove_activation(scores, objective.ends)
        return output.reshape(x.shape)

    def _find_probabilities(self, output: Tensor) -> Tensor:
        count = len(self.prepared.classes)
        single = count == 2 and (output.dim() == 1 or output.shape[-1] == 1)  # the score of the second
        scores = output_activation.remove_activation(output.reshape(-1, 1 if single else count), self._objective.ends)
        return torch.cat([torch.zeros_like(scores), scores], 1).softmax(1) if single else scores.softmax(1)

    def prepare(self, rows: Sequence[Any], notes: list[str] | None = None) -> Tensor:
        """What `forward` takes, of raw samples.

        Args:
            rows: of a table, or of texts in a table, a dictionary for each row, from the names of columns to values,
                None where one is missing, and text is read as the training's table was (``decimal=``, ``thousands=``);
                of images their paths; of a text that continues, the texts.
            notes: takes sentences on what was missing or new in a table, and what stands in for it.

        Raises:
            UsageError: there are none, or they are something else.
            DescendError: a column is missing, or has a word where there were numbers; or an image cannot be read.
        """
        if isinstance(rows, (str, bytes, Path, Mapping)) or not hasattr(rows, "__len__"):
            raise UsageError("The rows are a list of them, also of a single one.")
        if not len(rows):
            raise UsageError("There are no rows to prepare.")
        if self.prepared.kind == "image":
            return prepare_images(rows, self.prepared)
        if self.prepared.task == "language":
            return prepare_texts(rows, self.prepared)
        return prepare_rows(rows, self.prepared, self._options, notes if notes is not None else [])

    @torch.no_grad()
    def predict(self, rows: Sequence[Any], notes: list[str] | None = None) -> list[dict[str, Any]]:
        """What is predicted of each of ``rows`` (see `prepare`): ``prediction``, and ``probability`` of each class, by
        name; or each number to predict, by name. Of labels ``prediction`` is the list of those that are said.

        Raises:
            UsageError: the model predicts neither a class nor a number; so do errors of `prepare`.
        """
        self.require_predictions()
        output = self(self.prepare(rows, notes)).tolist()
        if self.prepared.classes:
            classes = self.prepared.classes
            guesses = decide_class(np.array(output), self.threshold).tolist()
            named = [dict(zip(classes, row, strict=True)) for row in output]
            return [
                {"prediction": classes[guess], "probability": row} for guess, row in zip(guesses, named, strict=True)
            ]
        found = [dict(zip(self.prepared.targets, row, strict=True)) for row in output]
        if self.prepared.task == "labels":
            named_yes = decide_labels(np.array(output), self.threshold).tolist()
            return [
                {"prediction": [name for name, yes in zip(row, said, strict=True) if yes], "probability": row}
                for row, said in zip(found, named_yes, strict=True)
            ]
        return found

    def require_predictions(self) -> None:
        """Check that it predicts classes, labels or numbers.

        Raises:
            UsageError: it does not.
        """
        if isinstance(self._objective, (LanguageModelling, Reconstruction)):
            raise UsageError("The model learned to continue or repeat its data, so it predicts no class or number.")


def load_model(run: Run) -> LoadedModel:
    """The model of ``run``; raises as `restore_training` does."""
    from descend.datasets.table import read_table_options

    restored = restore_training(run)
    address = run.manifest().data
    table = restored.prepared.kind == "table" or restored.prepared.text
    return LoadedModel(restored, read_table_options(address) if table else None)


def prepare_rows(
    rows: Sequence[Mapping[str, Any]], prepared: Preparation, options: Mapping[str, Any], notes: list[str]
) -> Tensor:
    """Rows of a table as numbers in their own units, float32 (n, d), or their texts as indices, int64 (n, t)."""
    from descend.datasets.csv_reader import CsvTable
    from descend.datasets.new_texts import make_encoder

    if not all(isinstance(row, Mapping) for row in rows):
        raise UsageError("Each row is a dictionary from the names of columns to values.")
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    decimal = options.get("decimal") or "."
    columns = [[write_cell(row.get(name), decimal) for row in rows] for name in names]
    table = CsvTable(Path("the rows"), names, columns, list(range(1, len(rows) + 1)), True)
    encoder = make_encoder(prepared, options)
    x = torch.as_tensor(encoder.encode(table))
    notes += encoder.tell()
    return x


def write_cell(value: Any, decimal: str) -> str:
    """A value as a table of text has it, a number with this ``decimal`` mark, so that it is read as what it is, and a
    whole one without; nothing if it is missing."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, (float, np.floating)) and (exact := float(value)).is_integer() and abs(exact) < 2**53:
        return str(int(exact))
    if isinstance(value, (float, np.floating, Decimal)):
        return write_number(value, decimal)
    return str(value).strip()


def prepare_images(files: Sequence[Any], prepared: Preparation) -> Tensor:
    """Images with values from 0 to 1, float32 (n, channels, height, width); `LoadedModel.forward` scales them on.

    Raises:
        UsageError: they are not given by their paths.
        DescendError: one cannot be read.
    """
    from descend.datasets.new_images import read_pictures
    from descend.engine.train.loader import Preprocessing

    if not all(isinstance(file, (str, Path)) for file in files):
        raise UsageError(
            "Images are given by their paths; values from 0 to 1 as a tensor are what the model itself takes."
        )
    form = Preprocessing(msgspec.structs.replace(prepared, mean=(), std=()), torch.device("cpu"))
    parts = [form.inputs(torch.as_tensor(some)) for _, some in read_pictures([Path(file) for file in files], prepared)]
    return torch.cat(parts)


def prepare_texts(texts: Sequence[str], prepared: Preparation) -> Tensor:
    """Texts of one length as indices into the vocabulary, int64 (n, t).

    Raises:
        UsageError: they are no strings, have no or different lengths, or a character that was not trained on.
        DescendError: they are cut into byte pairs, whose package is not installed.
    """
    if not all(isinstance(text, str) for text in texts):
        raise UsageError("Texts to continue are strings; their indices as a tensor are what the model itself takes.")
    tokeniser = prepared.tokeniser
    if not prepared.merges and (strange := sorted(set().union(*texts) - set(prepared.vocabulary))):
        raise UsageError(f"The training did not have the character {strange[0]!r}.")
    tokens = [torch.as_tensor(tokeniser.encode(text)) for text in texts]
    if len(set(map(len, tokens))) != 1 or not len(tokens[0]):
        listed = ", ".join(str(len(each)) for each in tokens[:4])
        lengths = f", and these have {listed} tokens" if prepared.merges else ""
        raise UsageError(f"The texts to continue are of one length, and not empty{lengths}.")
    return torch.stack(tokens)
