"""What training would not reach: parameters without a gradient, and tensors that are not parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from descend.datasets.dataset import WARNING
from descend.engine.base.errors import join_names
from descend.engine.base.sanitize import clean
from descend.engine.train.hidden import HiddenTensor, find_hidden
from descend.engine.train.layer_list import name_kind
from descend.engine.train.outputs import find_tensor
from descend.engine.train.task import Task
from descend.engine.train.watching import CallRecorder, find_tensors, format_place

TRIES = 12
"""Steps in which a parameter may get a gradient: some layers are left out at random."""
SECONDS = 2.0
"""… as long as these have not passed."""
NAMES, LONGEST = 4, 80
"""Layers that a sentence names, and characters of each."""
CONTAINERS = {"list": "nn.ModuleList", "tuple": "nn.ModuleList", "dict": "nn.ModuleDict"}


def find_unlearned(
    net: nn.Module,
    samples: Callable[[int], tuple[Tensor, Tensor]],
    objective: Task,
    autocast: Callable[[], Any],
    file: Path,
) -> list[str]:
    """Sentences on what ``net`` would not learn; its gradients are gone afterwards.

    Args:
        samples: a batch, others for each number.
    """
    watch = CallRecorder(net, torch.empty(0), file)
    missing = {name for name, parameter in net.named_parameters() if parameter.requires_grad}
    apart: set[int] = set()
    leaves: list[dict[int, Tensor]] = []
    end = time.monotonic() + SECONDS
    net.train()
    try:
        for attempt in range(TRIES):
            torch.manual_seed(attempt)
            net.zero_grad(set_to_none=True)
            x, y = samples(attempt)
            target = objective.target(x, y)
            watch.given = given = x.clone()
            with watch, autocast():
                outcome = net(given)
            output = find_tensor(outcome, objective.part)
            fitted = None if output is None else objective.fitted(output, x)
            if output is None or fitted is None:
                return []
            scored = [output] if objective.own is None else list(find_tensors(outcome))  # all of which it may take
            leaves.append({id(leaf): leaf for leaf in find_leaves(scored) if leaf is not given})
            others = [part for part in find_tensors(outcome) if part is not output]
            apart |= {id(leaf) for leaf in find_leaves(others)}
            objective.judge(outcome, fitted.float(), target).backward()
            missing &= {name for name, parameter in net.named_parameters() if parameter.grad is None}
            lost = missing - {name for name, parameter in net.named_parameters() if id(parameter) in apart}
            known = {id(parameter) for parameter in net.parameters()}
            if (attempt and time.monotonic() > end) or (not lost and (attempt or not leaves[0].keys() - known)):
                break
    finally:
        net.zero_grad(set_to_none=True)
        net.eval()
    return [*describe_without_gradient(net, missing, apart, watch), *describe_strangers(net, leaves, watch)]


def warn_of_late_parameters(net: nn.Module, optimiser: torch.optim.Optimizer) -> str:
    """A warning about parameters of ``net`` that its ``optimiser`` does not know, made by forward; "" if none are."""
    known = {id(parameter) for group in optimiser.param_groups for parameter in group["params"]}
    late = {name for name, part in net.named_parameters() if part.requires_grad and id(part) not in known}
    if not late:
        return ""
    return (
        f"{WARNING}{group_layers(net, late)} was created during training, and so is not trained itself; "
        "create it in __init__, as an attribute."
    )


def find_leaves(outputs: Iterable[Tensor]) -> Iterator[Tensor]:
    """The tensors that get a gradient from any of ``outputs``."""
    todo = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen: set[Any] = set(todo)
    while todo:
        node = todo.pop()
        if (leaf := getattr(node, "variable", None)) is not None:
            yield leaf
        further = {above for above, _ in node.next_functions if above is not None} - seen
        seen |= further
        todo += further


def describe_without_gradient(net: nn.Module, missing: set[str], apart: set[int], watch: CallRecorder) -> list[str]:
    """What to say of the parameters ``missing`` a gradient; those in ``apart`` serve other outputs than the scores."""
    found = {name: parameter for name, parameter in net.named_parameters() if name in missing}
    groups: dict[str, dict[str, str]] = {"apart": {}, "unseen": {}, "cut": {}, "unused": {}}
    for name, parameter in found.items():
        key = id(parameter)
        if key in apart:
            groups["apart"][name] = ""
        elif key in watch.used:
            groups["cut"][name] = watch.used[key]
        elif key in watch.unseen:
            groups["unseen"][name] = watch.unseen[key]
        else:
            groups["unused"][name] = ""
    told = []
    if names := groups["unseen"]:
        told.append(
            f"{WARNING}no gradient reaches {group_layers(net, names)}, computed under "
            f"torch.no_grad(){format_place(names.values())}, "
            "so training does not change it; take no_grad away, or, if it is meant, set requires_grad=False."
        )
    if names := groups["cut"]:
        function, place = watch.cuts[0] if watch.cuts else ("", "")
        how = f", as its result passes {function}" if function else ""
        told.append(
            f"{WARNING}no gradient reaches "
            f"{group_layers(net, names)}{how}{format_place([place, *names.values()])}, so training "
            "leaves that as it is; let its result reach the output, or, if it is meant, set requires_grad=False."
        )
    if names := groups["unused"]:
        told.append(
            f"{WARNING}no gradient reaches {group_layers(net, names)}, which forward does not use for its output, so "
            "training leaves that as it is; call it in forward, or leave it out."
        )
    if names := groups["apart"]:
        told.append(f"Not trained: {group_layers(net, names)}, which only serves other outputs than the scores.")
    return told


def group_layers(net: nn.Module, names: Iterable[str]) -> str:
    """The modules that have only those parameters, the largest there are, and parameters that are alone."""
    names = set(names)
    whole: list[str] = []
    for path, module in net.named_modules():
        own = {f"{path}.{name}" for name, parameter in module.named_parameters() if parameter.requires_grad}
        if path and own and own <= names and not any(path.startswith(f"{above}.") for above in whole):
            whole.append(path)
    alone = [name for name in sorted(names) if not any(name.startswith(f"{above}.") for above in whole)]
    return join_few([*(f"{path} ({name_kind(net.get_submodule(path))})" for path in whole), *alone])


def join_few(names: list[str]) -> str:
    """The first few of ``names``, and how many more there are."""
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    return clean(join_names([*names[:NAMES], *([f"{len(names) - NAMES} more"] if len(names) > NAMES else [])]))


def describe_strangers(net: nn.Module, leaves: list[dict[int, Tensor]], watch: CallRecorder) -> list[str]:
    """What to say of tensors that got a gradient and are not parameters.

    Args:
        leaves: what got one, in at least two calls.
    """
    known = {id(parameter) for parameter in net.parameters()}
    first, last = leaves[0], leaves[-1]
    stay = {key: leaf for key, leaf in first.items() if key in last and key not in known}
    remade = [key for key, leaf in last.items() if key not in known | stay.keys() and isinstance(leaf, nn.Parameter)]
    told = []
    if remade:
        shown = f"parameters of shape {join_few([str(tuple(last[key].shape)) for key in remade])}"
        place = format_place(watch.strangers[key][1] for key in remade if key in watch.strangers)
        told.append(
            f"{WARNING}forward creates {shown} again at each call{place}, so they never learn; make that layer in "
            "__init__, as an attribute."
        )
    where = {id(part.tensor): part for part in find_hidden(net) if id(part.tensor) in stay} if stay else {}
    place = format_place(watch.strangers[key][1] for key in stay if key in watch.strangers)
    if of_layers := [part for part in where.values() if part.layer]:
        told.append(f"{WARNING}{describe_hidden_layers(of_layers, place)}")
    bare = [part for part in where.values() if not part.layer]
    lost = [f"one of shape {tuple(leaf.shape)}" for key, leaf in stay.items() if key not in where]
    if bare or lost:
        named = join_few([*(part.path for part in bare), *lost])
        holders = {part.holder for part in bare}
        how = "nn.ParameterDict" if holders == {"dict"} else "nn.ParameterList" if holders & {"list", "tuple"} else ""
        remedy = f"keep them in an {how}" if how else "make it an nn.Parameter that is an attribute of the module"
        told.append(
            f"{WARNING}tensors that require a gradient are not parameters of the model: {named}{place}; they are never "
            f"trained, saved or moved, so {remedy}."
        )
    return told


def describe_hidden_layers(found: list[HiddenTensor], place: str = "") -> str:
    """What to say of layers that torch does not find."""
    names = list(dict.fromkeys(f"{part.path} ({part.layer})" for part in found))
    holder = next((part.holder for part in found if part.holder), "")
    if holder:
        where, remedy = f"kept in a plain {holder}", f"make it an {CONTAINERS[holder]}"
    else:
        where, remedy = "kept where torch does not look", "make each an attribute of the module itself"
    return (
        f"layers that are not part of the model: {join_few(names)}, {where}{place}; they are never trained, saved "
        f"or moved to the device, so {remedy}."
    )
