"""Trains a model on a dataset: builds, tries, trains, evaluates."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from torch import nn

from descend.datasets.data_shape import format_count
from descend.datasets.dataset import WARNING
from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size
from descend.engine.evaluation.calibration import SHIFTING, tell_shift
from descend.engine.lab.checkpoint_size import estimate_checkpoint, require_space
from descend.engine.lab.command_queue import Stopped
from descend.engine.lab.diverged import Diverged
from descend.engine.lab.minibatches import count_parameters
from descend.engine.lab.private_names import RunningNorm
from descend.engine.run.preparation_file import write_preparation
from descend.engine.run.runs import Run
from descend.engine.run.split_file import differs_from_kept, write_split
from descend.engine.train import (
    forking,
    held_back,
    loader,
    optimisers,
    own_loss,
    own_model,
    sanity_check,
    trial_samples,
)
from descend.engine.train.best_epoch import BestEpoch, forget_best
from descend.engine.train.class_weights import find_class_weights
from descend.engine.train.compiling import compile_model
from descend.engine.train.distributed import ProcessGroup
from descend.engine.train.evaluation import evaluate, generate_text
from descend.engine.train.forward_targets import adapt_forward, choose_precision, has_wanted_form
from descend.engine.train.frozen import FrozenPart
from descend.engine.train.image_scales import prepare_training
from descend.engine.train.imbalance import describe_imbalance
from descend.engine.train.input_division import list_inputs
from descend.engine.train.labels_task import LabelMetrics, Labels, describe_blind_labels
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_form import Model
from descend.engine.train.model_source import ModelSource
from descend.engine.train.out_of_memory import describe_out_of_memory, is_out_of_memory
from descend.engine.train.overriding import check_methods
from descend.engine.train.precision import MixedPrecision
from descend.engine.train.pretrained import begin_pretrained
from descend.engine.train.rate_finder import find_rate
from descend.engine.train.reached import reaches_all
from descend.engine.train.schedules import compute_factor
from descend.engine.train.settings import THRESHOLDS, list_unused
from descend.engine.train.task import (
    Classification,
    ClassificationMetrics,
    LanguageModelling,
    Metrics,
    Task,
    choose_task,
)
from descend.engine.train.threshold import (
    choose_label_thresholds,
    choose_threshold,
    describe_label_thresholds,
)
from descend.engine.train.training_step import take_step
from descend.engine.train.unlearned import warn_of_late_parameters
from descend.engine.train.value_checks import check_values, list_tasks
from descend.engine.train.weight_average import WeightAverage

if TYPE_CHECKING:
    from descend.engine.lab.lab import Lab

CURVES_BY_HALF = "The curves are by one half, with which final accuracy, F1 and the like do not compare."
"""Said where a threshold is chosen after the last epoch."""


def train(lab: Lab, k: Any, model: Model | ModelSource) -> None:
    """Train ``model`` on the data of ``lab`` with the knobs ``k``.

    Raises:
        Unfit: the model, the knobs and the data do not fit together.
    """
    session = Trainer(lab, k, model)
    try:
        session.prepare()
        session.train()
    except (Stopped, DescendError, Diverged):
        raise
    except RuntimeError as error:
        if is_out_of_memory(error):
            error.__traceback__ = None  # which holds what filled the memory
            raise describe_out_of_memory(session) from None
        if (lost := session.team.lost(error)) is not None:
            raise lost from None
        raise session.fault(error) from None
    except BaseException as error:  # a model may raise SystemExit
        raise session.fault(error) from None


def build_net(model: Model | ModelSource, k: Any, prepared: Preparation) -> tuple[nn.Module, list[str]]:
    """``model`` with the knobs ``k`` for such data as it begins, and what to say of it."""
    if isinstance(model, Model):
        said = [f"{model.title} takes all columns as one input; inputs= is for a model with several."]
        return model.build(k, prepared.shape), said if prepared.inputs else []
    from descend.engine.train.settings import TrainKnobs

    values = {name: value for name, value in k.values().items() if name not in TrainKnobs.specs}
    repeat = getattr(k, "objective", "auto") == "reconstruction"
    return own_model.build_model(model, values, prepared, k.context if prepared.task == "language" else 0, repeat)


class Trainer:
    """One training.

    Attributes:
        net: the model; computed with through ``run``, which may be compiled.
        min_batch: samples that a batch must have.
        checkpoint_size: bytes of a checkpoint, at most.
        live: knobs that may be turned meanwhile, besides the rate, which each step brings anyway.
        doing: what is being done with the model, for the message if that fails.
        begun_before: whether it goes on from a checkpoint.
        imbalanced: whether one class is so common that accuracy says little.
        late: the warning about parameters created during training, if it was given.
    """

    net: nn.Module
    run: Any
    feed: loader.Loader
    train_set: loader.Split
    test_set: loader.Split
    held: loader.Split | None
    best: BestEpoch | None
    objective: Task
    frozen: FrozenPart
    optimiser: torch.optim.Optimizer
    average: WeightAverage
    begun_before: bool
    imbalanced: bool
    min_batch: int
    checkpoint_size: int

    def __init__(self, lab: Lab, k: Any, model: Model | ModelSource) -> None:
        assert lab.dataset is not None
        self.lab, self.k, self.model, self.dataset = lab, k, model, lab.dataset
        self.team = ProcessGroup(lab.device)
        self.shape = self.dataset.shape
        self.precision = MixedPrecision(k.precision, lab.device)
        self.context = k.context if self.shape.task == "language" else 0
        self.batch_size = int(k.batch_size)
        self.live = [spec for spec in k.specs.values() if spec.live and spec.name != "lr"]
        self.doing = self.late = ""

    def fault(self, error: BaseException) -> BaseException:
        """``error`` as a sentence if it was raised by the user's own code; else as it is."""
        own = self.model if isinstance(self.model, ModelSource) else None
        return (own and own_model.describe_late_error(error, own, self.lab.step, self.doing)) or error

    def prepare(self) -> None:
        """Build the model, try it, and prepare the data."""
        lab, k = self.lab, self.k
        self.begun_before = "output" in lab.state
        self.net, notes = self.built()
        begin_pretrained(self)
        self.frozen = FrozenPart(self.net, k.freeze)
        for note in (*notes, *(note for note in self.dataset.notes if note.startswith(WARNING))):
            lab.note(note)
        for sentence in list_unused(k):
            lab.note(f"{sentence} It changes nothing.")
        if self.dataset.merges and self.context:
            lab.note("Perplexity is per token; bits_per_character compares with texts that are cut otherwise.")
        images = self.shape.kind == "image"
        convolves = images and any(isinstance(module, nn.Conv2d) for module in self.net.modules())
        last = (
            images
            and convolves
            and (k.channels_last == "yes" or (k.channels_last == "auto" and lab.device.type == "cuda"))
        )
        prepared, augment = self.prepared, getattr(k, "augment", "none")
        if not self.team.rank:
            inputs = list_inputs(self.net)
            if self.begun_before and prepared.inputs and inputs != prepared.inputs:
                raise ModelError(
                    "The model divides the columns among its inputs in another way than when the run was begun; "
                    "restore its file, or begin a new run."
                )
            write_preparation(Run(lab.folder), msgspec.structs.replace(prepared, inputs=inputs))
        form = loader.Preprocessing(prepared, lab.device, channels_last=last, augment=augment)
        self.objective = choose_task(prepared, list_tasks(self.model), k, form)
        resident = k.placement == "device" or (k.placement == "auto" and loader.has_room(self.dataset, lab.device))
        if not resident and k.placement == "auto":
            lab.note(f"The data is too large for {lab.device}, so it waits in main memory.")
        self.share = held_back.choose_share(lab, k, self.dataset, self.context)
        self.train_set, self.test_set, self.held = loader.make_splits(
            self.dataset,
            form,
            context=self.context,
            validation=self.share,
            fold=k.fold - 1,
            resident=resident,
            seed=lab.seed,
        )
        forking.renew_held(self)
        check_values(k.values(), self.shape, prepared.classes, self.model, bool(self.share))
        if isinstance(self.objective, Classification):
            self.objective.weights = find_class_weights(k.class_weights, prepared.classes, self.train_set.y)
        elif isinstance(self.objective, Labels):
            self.objective.weigh(k.class_weights, self.train_set.y)
        self.best = BestEpoch(k.metric, lab.state, self.share, k.keep == "best") if self.held is not None else None
        if self.best is None:
            forget_best(lab.state)
        self.batch_size = held_back.check_sizes(self)
        file = self.model.file if isinstance(self.model, ModelSource) else None
        if file:
            check_methods(self.net, file)
        self.net.to(lab.device)
        x, y = trial_samples.choose_two(self.train_set)
        if (
            last
            and k.channels_last == "auto"
            and not has_wanted_form(self.net, x, self.objective, self.precision.autocast)
        ):
            last = form.channels_last = False  # a view in its forward may need the usual order
            x, y = trial_samples.choose_two(self.train_set)
        autocast = self.precision.autocast
        notes = adapt_forward(self.net, x, self.objective, autocast) if file else []
        notes += (
            choose_precision(self.net, lambda: has_wanted_form(self.net, x, self.objective, autocast)) if file else []
        )
        if file:
            wanted = "output" not in lab.state or "own_loss" in lab.state  # else the run began without it
            notes += own_loss.adopt_loss(self.net, x, y, self.objective, autocast, k, wanted)
            lab.state["own_loss"] = self.objective.own is not None
        notes += sanity_check.check_model(self.net, x, y, self.objective, autocast, file, self.some_samples)
        lab.state["output"] = {
            "part": self.objective.part,
            "ends": self.objective.ends,
        }  # for predictors
        if last:
            self.net.to(memory_format=torch.channels_last)
        self.run = compile_model(self) if k.compile else self.net
        single = sanity_check.needs_two_samples(self.net, x, self.objective, self.precision.autocast)
        self.min_batch = 2 if single else 1
        if single and self.batch_size == 1:
            raise ModelError(
                "The model cannot be trained with a single sample at a time, as batch normalisation cannot; "
                "set batch_size=2 or more."
            )
        team = self.team
        if self.batch_size < self.min_batch * team.size:
            more = "; raise batch_size" if self.batch_size < len(self.train_set) else ", and there is no more"
            raise ModelError(f"A batch of {self.batch_size} is too few for {team.size} processes{more}.")
        if single and team.size > 1:
            lab.note("Layers that normalise batches see one process's share of a batch, not all of it.")
        self.feed = loader.Loader(
            self.train_set,
            self.batch_size,
            lab.seed,
            2 * team.size if single else 1,
            (team.rank, team.size),
            k.accumulate,
        )
        if k.accumulate > self.feed.batches:
            batches = format_count(self.feed.batches, "batch", "batches")
            lab.note(f"An epoch has only {batches}, so a step adds no more than that.")
        normalised = any(isinstance(each, RunningNorm) and each not in self.frozen.norms for each in self.net.modules())
        if normalised and self.feed.accumulate > 1:
            lab.note("Layers that normalise batches see each batch by itself, not all that a step adds.")
        partly = team.size > 1 and not reaches_all(self.net, x, y, self.objective, autocast, k)
        self.run = team.wrapped(self.run, unused=partly)
        self.optimiser = optimisers.make_optimiser(k, self.net, lab.device, self.frozen.parameters)
        self.average = WeightAverage(self.net, k.ema)
        if "channels_last" in lab.forked and k.channels_last == "yes" and not convolves:
            raise ModelError("channels_last=yes changes nothing: it is for convolutions, and the model has none.")
        forking.require_model_effects(self)
        self.imbalanced = False
        if isinstance(self.objective, Classification) and (warning := describe_imbalance(self.dataset)):
            self.imbalanced = True
            advice = " class_weights=balanced counts each class alike." if k.class_weights == "none" else ""
            lab.note(warning + advice)
        if isinstance(self.objective, Labels) and (blind := describe_blind_labels(self.dataset)):
            lab.note(blind)
        shifting = {name: getattr(k, name) for name in SHIFTING if hasattr(k, name)}
        if self.objective.own is None and (shift := tell_shift(shifting)):
            lab.note(shift)
        copies = 1 + bool(k.ema) + (self.best is not None and self.best.keep)
        self.checkpoint_size = estimate_checkpoint(self.net, self.optimiser, copies)
        lab.note(
            f"{self.frozen.describe(self.net)}, {len(self.train_set):,} training {self.unit}; checkpoints take "
            f"{format_size(self.checkpoint_size * self._count_checkpoints())} at most."
        )
        for note in notes:  # last, as the shell shows the last
            lab.note(note)
        lab.results(parameters=count_parameters(self.net))

    def train(self) -> None:
        """Train to the end, or until nothing improves."""
        lab, k = self.lab, self.k
        lab.track(net=self.net, optimiser=self.optimiser)
        if self.precision.scaler is not None:
            lab.track(scaler=self.precision.scaler)
        self.team.ready()
        if self.team.rank:
            return self._follow()
        if few := require_space(lab.folder, self.checkpoint_size, self._count_checkpoints()):
            lab.note(f"{WARNING}{few}")
        if k.ema:  # of which the first process alone makes use
            lab.track(average=self.average)
        try:
            if k.find_lr:
                find_rate(self)
            else:
                self._lead()
        except Stopped:
            self.team.tell()
            raise
        with suppress(RuntimeError):  # all is done, even if another is gone
            self.team.tell()  # not where a step failed: in the middle of one the others do not listen
        return None

    def tell_step(self, step: int, rate: float) -> None:
        """Tell the other processes to take a step, with the knobs as they are now."""
        self.team.tell(step, rate, *(getattr(self.k, spec.name) for spec in self.live))

    def _lead(self) -> None:
        """Train, as the only process or the first of several."""
        lab, k, feed = self.lab, self.k, self.feed
        if not self.context:  # else the held-back part is the end of the training part
            split, run = held_back.list_held(self.dataset, self.held), Run(lab.folder)
            if self.begun_before and differs_from_kept(run, split):
                lab.note(
                    f"{WARNING}other {self.unit} are held back or tested than when the run was begun, and some of them "
                    "were trained on, so that figures on them flatter."
                )
            write_split(run, split)
        steps, samples = k.epochs * feed.per_epoch, feed.batch_size * feed.accumulate
        self.run.train()
        ended = begun = False
        for step in lab.steps(steps, samples=samples, unit=self.unit, per_epoch=feed.per_epoch):
            if not begun:
                forking.require_course_effects(k, lab.forked, step, steps)
                begun = True
            if step % feed.per_epoch == 0 and (ended := self._judge(step // feed.per_epoch)):
                break
            rate = k.lr * compute_factor(k.schedule, step, steps, k.warmup)
            self.tell_step(step, rate)
            loss, measures = self._step(feed.parts(step), rate)
            self.average.update()
            lab.scalars(
                {"train/loss": loss, **{f"train/{name}": value for name, value in measures.items()}, "lr": rate}
            )
            lab.layers(self.net)
        if lab.forked and not begun:
            raise ModelError(
                f"The run was over at step {lab.step:,}, so nothing is left to train with the changes; fork from "
                "an earlier step, or with more epochs."
            )
        if not ended:
            self._judge(k.epochs)
        if self.best is None or "best" not in lab.state:
            with self.average.applied():
                return self._conclude()
        lab.note(
            f"The weights kept are those after epoch {lab.state['best_epoch']}, the best by {k.metric} on the "
            f"{self.unit} held back."
        )
        with self.best.restored(self.net):
            self._conclude()
        return None

    def _conclude(self) -> None:
        """Say how good the network is on each part of the data. Where samples are held back, the test part is looked
        at here for the first time."""
        self._choose_threshold()
        parts = {"train": self.train_set}
        if self.held is not None:  # else the test part is what every epoch was judged by
            parts = {"validation": self.held, "test": self.test_set, **parts}
        elif self.imbalanced:
            parts = {"test": self.test_set, **parts}
        task = self.objective
        each_epoch = isinstance(task, Classification) and task.every
        for part, split in parts.items():
            if isinstance(task, Classification):  # what tells more of rare classes is measured once, as it costs more
                task.every = each_epoch or (self.imbalanced and part != "train")
            tally = self._evaluated(split)
            self.lab.results(**{f"{part}/{name}": value for name, value in tally.metrics().items()})
            if part == "validation":
                tally.show(self.lab, part)  # of the weights kept

    def _choose_threshold(self) -> None:
        """Choose from which probability on the second of two classes is said, or each label, by the samples held
        back."""
        lab, task, by = self.lab, self.objective, getattr(self.k, "threshold", THRESHOLDS[0])
        lab.state.pop("threshold", None)
        if self.held is None or by == THRESHOLDS[0] or not isinstance(task, (Classification, Labels)):
            return
        tally = self._evaluated(self.held)
        assert isinstance(tally, (ClassificationMetrics, LabelMetrics))
        said, truth = tally.gather()
        if isinstance(task, Labels):
            cuts = choose_label_thresholds(truth, said, by)
            task.threshold = lab.state["threshold"] = cuts
            lab.note(f"{describe_label_thresholds(task.names, cuts, truth, by, self.unit)} {CURVES_BY_HALF}")
            return
        task.threshold = lab.state["threshold"] = choose_threshold(truth, said[:, 1], by)
        lab.note(
            f"'{task.names[1]}' is said from a probability of {task.threshold:.3g} on, by {by} on the {self.unit} "
            f"held back. {CURVES_BY_HALF}"
        )
        lab.results(threshold=task.threshold)

    def _follow(self) -> None:
        """Take the steps that the first process tells, with the knobs as they are there."""
        self.run.train()
        while words := self.team.hear():
            step, rate, *values = words
            for spec, value in zip(self.live, values, strict=True):
                setattr(self.k, spec.name, spec.type(value))
            torch.manual_seed(hash((self.lab.seed, self.team.rank, step)))  # so that not all drop the same units
            self._step(self.feed.parts(int(step)), rate)

    def _step(self, parts: Iterable[loader.Part], rate: float) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """One step of the optimiser: the mean loss of its batches, and what else is measured of them."""
        return take_step(self, parts, rate)

    def _judge(self, epoch: int) -> bool:
        """Record how good the network is after that many epochs; whether that ends the training."""
        patience, ended = self.k.patience, False
        with self.average.applied():
            tally = self._look()
            if self.best is not None and epoch:
                self.best.judge(epoch, tally.metrics(), self.net)
        if self.best is not None and epoch:
            ended = bool(patience) and self.best.count_waited(epoch) >= patience
        if self.held is None or not (ended or epoch == self.k.epochs):  # else what is kept is shown in the end
            tally.show(self.lab, "test" if self.held is None else "validation")
        if ended and epoch < self.k.epochs:
            self.lab.note(f"Stopped after epoch {epoch}: no improvement for {patience}.")
        return ended

    def _look(self) -> Metrics:
        """Evaluate on the samples held back, or on the test set if there are none, and record it."""
        if isinstance(self.model, ModelSource) and not self.late:
            self.late = warn_of_late_parameters(self.net, self.optimiser)
            if self.late:
                self.lab.note(self.late)
        part, split = ("test", self.test_set) if self.held is None else ("validation", self.held)
        tally = self._evaluated(split)
        self.lab.scalars({f"{part}/{name}": value for name, value in tally.metrics().items()})
        if isinstance(self.objective, LanguageModelling) and self.lab.due():
            begin = split.x[: min(self.context, 16)].to(self.lab.device)
            self.lab.text("sample", generate_text(self.net, begin, self.objective, self.context, seed=self.lab.seed))
        return tally

    def _evaluated(self, split: loader.Split) -> Metrics:
        self.doing = "as it was evaluated"
        with self.lab.doing("evaluating"):
            tally = evaluate(self.net, split, self.objective, self.batch_size, self.precision.autocast)
        self.doing = ""
        return tally

    def built(self) -> tuple[nn.Module, list[str]]:
        """The model with these knobs as it begins, and what to say of it."""
        return build_net(self.model, self.k, self.prepared)

    @cached_property
    def prepared(self) -> Preparation:
        """How the data is prepared: as was settled, or as it is; that looks at all of it, if images are scaled by its
        mean."""
        return self.lab.prepared or prepare_training(self.dataset, self.k, self.model)

    def _count_checkpoints(self) -> int:
        """Files of checkpoints at most: those that are kept, and one that is written."""
        steps = int(self.k.epochs) * self.feed.per_epoch
        return min(int(self.k.checkpoints) + 2, steps + 1) + 1

    @property
    def unit(self) -> str:
        return held_back.UNITS[self.shape.kind]

    def some_samples(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch from all over the training set, other samples for each ``number``."""
        return trial_samples.choose_some(self.train_set, self.batch_size, number)
