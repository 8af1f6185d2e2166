"""What a model does in evaluation and in training that is hardly intended: a warning each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import GeneratorType
from typing import Any

import torch
from torch import Tensor, nn

from descend.datasets.dataset import WARNING
from descend.engine.lab.private_names import Dropout, RunningNorm
from descend.engine.train.labels_task import Labels
from descend.engine.train.layer_list import name_kind
from descend.engine.train.model_warnings import has_drawn, have_differences, seed_all
from descend.engine.train.outputs import find_tensor
from descend.engine.train.own_model import is_own
from descend.engine.train.task import Classification, LanguageModelling, Task
from descend.engine.train.unlearned import join_few
from descend.engine.train.watching import CallRecorder, find_tensors, format_place


def warn_of_writing(net: nn.Module, x: Tensor, autocast: Callable[[], Any], file: Path) -> list[str]:
    """A warning if ``net`` writes into what it is given."""
    given = x.clone()
    with torch.no_grad(), CallRecorder(net, given, file) as watch, autocast():
        net(given)
    if watch.wrote is None and given.shape == x.shape and torch.equal(given, x):
        return []
    return [
        f"{WARNING}the model writes into its input{format_place([watch.wrote or ''])}. Here it is "
        f"given a copy; elsewhere the "
        "caller's samples, and a target made of them, would change: write x = x + 1 in place of x += 1, or begin with "
        "x = x.clone()."
    ]


@torch.no_grad()
def warn_of_randomness(
    net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any], file: Path
) -> list[str]:
    """A warning if ``net``, which is in evaluation mode, leaves out values at random there."""
    watch = CallRecorder(net, x, file)
    with watch:
        one = compute_output(net, x, objective, autocast, seed=0)
    elsewhere = has_drawn(0)
    other = compute_output(net, x, objective, autocast, seed=1)
    if (
        one is None
        or other is None
        or not (watch.drops or watch.draws or elsewhere)
        or not have_differences(one, other)
    ):
        return []
    if watch.drops:
        what = f"dropout is on in evaluation too{format_place(watch.drops)}, so the metrics are worse than the model"
        remedy = "say F.dropout(x, p, self.training), or make it an nn.Dropout that is an attribute of the module"
    else:
        where = format_place(watch.draws)
        what = f"the model draws at random in evaluation too{where}, so the metrics differ each time"
        remedy = "if that should happen in training alone, check self.training"
    return [f"{WARNING}{what}; {remedy}."]


@torch.no_grad()
def warn_of_switches(net: nn.Module, x: Tensor, autocast: Callable[[], Any]) -> list[str]:
    """A warning if forward switches layers to training or evaluation mode, and that makes a difference."""
    modules = dict(net.named_modules())
    for mode in (True, False):
        net.train(mode)
        before = {path: module.training for path, module in modules.items()}
        with autocast():
            net(x.clone())
        found = [
            f"{path} ({name_kind(module)})"
            for path, module in modules.items()
            if module.training is not before[path] and depends_on_mode(module)
        ]
        net.eval()
        if found:
            now, then = ("evaluation", "training") if mode else ("training", "evaluation")
            return [
                f"{WARNING}forward switches {join_few(found)} to {now} mode in {then} too; leave .train() and .eval() "
                "out of forward, as descend calls them, or, to freeze a part, set requires_grad=False there."
            ]
    return []


def depends_on_mode(module: nn.Module) -> bool:
    """Whether ``module`` computes differently in training and in evaluation, and is not frozen."""
    own = list(module.parameters(recurse=False))
    if own and not any(parameter.requires_grad for parameter in own):
        return False
    if isinstance(module, (Dropout, RunningNorm)):
        return getattr(module, "p", 1) > 0
    return isinstance(module, (nn.RNNBase, nn.MultiheadAttention)) and module.dropout > 0


def warn_of_generators(net: nn.Module) -> list[str]:
    """A warning about generators in attributes, which forward can use only once."""
    found = [
        f"{path}.{name}".lstrip(".")
        for path, module in net.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, (map, filter, zip)) or (isinstance(value, GeneratorType) and value.gi_frame is None)
    ]
    if not found:
        return []
    return [
        f"{WARNING}{join_few(found)} can be iterated over only once, and is empty from the second call of forward on; "
        "make it a list, or an nn.ModuleList if it holds layers."
    ]


@torch.no_grad()
def warn_of_modes(net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any], file: Path) -> list[str]:
    """A warning if ``net`` gives other outputs in training than in evaluation, and neither dropout, statistics of
    batches, nor chance is why."""
    own = {path: module for path, module in net.named_modules() if is_from_file(module, file)}
    net.eval()
    with record_outputs(own) as told, CallRecorder(net, x, file, still=True):
        evaluated = compute_output(net, x, objective, autocast)
    before = copy_state(own)
    try:
        for module in own.values():
            module.training = True
        with torch.enable_grad(), record_outputs(own) as trained, CallRecorder(net, x, file, still=True):
            one = compute_output(net, x, objective, autocast)
        with torch.enable_grad(), CallRecorder(net, x, file, still=True) as watch:
            other = compute_output(net, x, objective, autocast, seed=1)
    finally:
        net.eval()
    if (
        evaluated is None
        or one is None
        or other is None
        or have_differences(one, other)
        or not have_differences(one, evaluated)
    ):
        return []
    after = copy_state(own)
    if watch.draws or has_drawn(1):
        return []  # something is left out at random
    if before.keys() != after.keys() or any(not torch.equal(value, after[key]) for key, value in before.items()):
        return []  # it keeps statistics of its own
    path = next((path for path in trained if path in told and have_differences(trained[path], told[path])), "")
    where = f" from {path} on" if path else ""
    made = ""
    if isinstance(objective, (Classification, Labels, LanguageModelling)):
        for name, function in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
            if not have_differences(function(one, -1), evaluated):
                made = f": the second are the {name} of the first"
        if not have_differences(one.sigmoid(), evaluated):
            made = ": the second are the sigmoid of the first"
    return [
        f"{WARNING}the model gives other outputs in training than in "
        f"evaluation{where}{find_mode_line(own.get(path))}, for "
        f"neither dropout nor normalisation{made}, so metrics do not measure what is trained; "
        "return the same in both."
    ]


def compute_output(
    net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any], seed: int = 0
) -> Tensor | None:
    """The output in the expected shape; None if it cannot be brought into it."""
    seed_all(seed)
    with autocast():
        found = find_tensor(net(x.clone()), objective.part)
    if found is None or tuple(found.shape) == objective.size(x):
        return None if found is None else found.detach().float()  # as it is, not as the scores it was made of
    fitted = objective.fitted(found, x)
    return None if fitted is None else fitted.detach().float()


@contextmanager
def record_outputs(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """What each of ``modules`` returns first, in the order in which they finish."""
    outputs: dict[str, Tensor] = {}

    def hear(path: str) -> Callable[..., None]:
        def after(module: nn.Module, given: Any, output: Any) -> None:
            value = next(find_tensors(output), None)
            if value is not None and value.is_floating_point():
                outputs.setdefault(path, value.detach().float().clone())

        return after

    hooks = [nn.Module.register_forward_hook(module, hear(path)) for path, module in modules.items()]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def is_from_file(module: nn.Module, file: Path) -> bool:
    """Whether the class of ``module`` is the user's."""
    try:
        return not isinstance(module, torch.jit.ScriptModule) and is_own(inspect.getfile(type(module)), file)
    except (TypeError, OSError):
        return False


def copy_state(modules: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Copies of the buffers and plain tensors of ``modules``."""
    return {
        f"{path}.{name}": value.detach().clone()
        for path, module in modules.items()
        for name, value in {**dict(module.named_buffers(recurse=False)), **vars(module)}.items()
        if isinstance(value, Tensor)
    }


def find_mode_line(module: nn.Module | None) -> str:
    """Where the class of ``module`` asks which of the two it is, as `` (model.py, line 3)``."""
    if module is None:
        return ""
    try:
        lines, first = inspect.getsourcelines(type(module))
        name = Path(inspect.getfile(type(module))).name
    except (OSError, TypeError):
        return ""
    words = (".training", "is_grad_enabled", "requires_grad")
    found = [first + number for number, line in enumerate(lines) if any(word in line for word in words)]
    return f" ({name}, line {found[0]})" if found else ""
