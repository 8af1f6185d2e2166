"""Weights that a model begins with: torchvision's, from torch's cache or its server, or those of a file."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_form import Model

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer

NESTED = ("state_dict", "model_state_dict", "model")
"""Where training programs put the weights in a file with other things."""
WRAPPED = ("module.", "_orig_mod.")
"""What wrappers of a model write before each name."""
TOLD = 0.5
"""Seconds between two words on how far a download is."""


def begin_pretrained(session: Trainer) -> None:
    """Have a model begin with other weights than random ones, if it should; one that is resumed has its own, and of
    several processes the others take those of the first.

    Raises:
        Unfit: a fork should, or the weights are of another model.
        DescendError: they cannot be had.
    """
    lab, model, source = session.lab, session.model, getattr(session.k, "pretrained", "none")
    if not isinstance(model, Model) or not model.weights:
        return
    if "pretrained" in lab.forked:
        raise ModelError(
            "pretrained only says how weights begin, and a fork takes them from its checkpoint; begin a new run."
        )
    if source != "none" and "output" not in lab.state and not session.team.rank:
        lab.note(load_pretrained(session.net, model, source, lambda words: lab.status("starting", words)))
        lab.status("running")


def load_pretrained(net: nn.Module, model: Model, source: str, tell: Callable[[str], None]) -> str:
    """Give ``net`` the weights of ``source``, *imagenet* or a file. Returns what was done, a sentence.

    Its last layer begins anew where it has another width, and a first convolution of grey images takes the sum over the
    channels.

    Args:
        tell: told how far a download is.

    Raises:
        DescendError: there is no such file, it is damaged or cannot be downloaded.
        Unfit: it is of another model.
    """
    file = find_imagenet_file(model, tell) if source == "imagenet" else Path(source)
    state, notes = read_weights(file), list[str]()
    own = net.state_dict()
    fitted: dict[str, Tensor] = {}
    for name, tensor in state.items():
        mine = own.get(name)
        if mine is not None and mine.shape != tensor.shape:
            if name.startswith(f"{model.head}."):
                continue
            if tensor.dim() == 4 and tensor.shape == (len(mine), 3, *mine.shape[2:]) and mine.shape[1] == 1:
                tensor = tensor.sum(1, keepdim=True)
                notes.append("a first layer summed over colours, as images are grey")
        fitted[name] = tensor
    check_fit(own, fitted, model, file)
    net.load_state_dict(fitted, strict=False)
    if renewed := [name for name in own if name.startswith(f"{model.head}.") and name not in fitted]:
        there = f", and {len(state[renewed[0]])} in the file" if renewed[0] in state else ""
        notes.append(f"a new last layer, {model.head}, of width {len(own[renewed[0]])}{there}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    return (
        f"It begins with the weights of {file.name} (SHA-256 {digest}…)" + "".join(f", {note}" for note in notes) + "."
    )


def check_fit(own: Mapping[str, Tensor], given: Mapping[str, Tensor], model: Model, file: Path) -> None:
    """Check that the weights ``given`` are those of the model.

    Raises:
        Unfit: they are not; the sentence names the first that is not.
    """
    head = f"{model.head}."
    missing = [name for name in own if name not in given and not name.startswith(head)]
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]  # which old files lack
    if strange := [name for name in given if name not in own]:
        why = f"it holds {strange[0]}, which {model.title} has not"
    elif missing:
        why = f"it lacks {missing[0]}"
    else:
        others = [name for name in given if own[name].shape != given[name].shape]
        if not others:
            return
        name = others[0]
        there, here = (" × ".join(map(str, weights[name].shape)) for weights in (given, own))
        why = f"{name} is {there} there and {here} here"
    advice = "Set stem=large." if why.startswith(("conv1.", "features.0.")) else ""
    raise ModelError(f"The weights of {file.name} do not fit {model.title}: {why}.", advice)


def read_weights(file: Path) -> dict[str, Tensor]:
    """The weights of a file by name; no code of it is run.

    Raises:
        DescendError: it is not there, or no file of weights.
    """
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: Any = load_file(file)
        else:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DescendError(f"The weights {file} cannot be read ({error.strerror or error}).") from None
    except Exception:  # both libraries raise whatever the damage leads to
        raise DescendError(
            f"{file} holds no weights that can be read: it is damaged, or more than tensors by name; pretrained= takes "
            "a state dict (.pth) or .safetensors."
        ) from None
    inside = next((content[key] for key in NESTED if isinstance(content, dict) and key in content), content)
    if not isinstance(inside, Mapping) or not inside or not all(isinstance(each, Tensor) for each in inside.values()):
        raise DescendError(f"{file} holds no tensors by name; pretrained= takes a state dict (.pth) or .safetensors.")
    for prefix in WRAPPED:
        if all(name.startswith(prefix) for name in inside):
            inside = {name.removeprefix(prefix): tensor for name, tensor in inside.items()}
    return dict(inside)


def find_imagenet_file(model: Model, tell: Callable[[str], None]) -> Path:
    """torchvision's weights of ``model``: those in torch's cache if they are whole, else downloaded there.

    Raises:
        DescendError: they cannot be downloaded.
    """
    from torchvision.models import get_weight

    from descend.datasets.download import download

    url = get_weight(model.weights).url
    target = Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2])
    found = re.search(r"-([0-9a-f]{8,})\.", target.name)
    digest = found[1] if found else ""  # of its content, the beginning
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest().startswith(digest):
        return target
    last = 0.0

    def progress(done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= TOLD:
            last = time.monotonic()
            tell(f"downloading {target.name}: {format_size(done)}{f' of {format_size(total)}' if total else ''}")

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        download([url], target, f"sha256:{digest}", progress)
    except (DescendError, OSError) as error:
        raise ModelError(
            f"{str(error).rstrip('.')}.",
            f"Or fetch {url} where there is a network, and set pretrained= to that file, or put it at {target}.",
        ) from None
    return target
