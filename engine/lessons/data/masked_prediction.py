"""Masked prediction: questions made from the data

Nobody has labelled a heap of text. Hide some letters of it, and each hidden letter is a question whose answer is known.
What does a network learn from such questions, and what is one worth whose answer is still in sight?

**A pretext task** is a task whose answers are part of the data; learning from one is *self-supervised*. Text is cut
into *windows* of 8 *tokens*, here characters, each with an index. Each is hidden with probability 0.15: the network
reads a mask, ▒, in its place, and the *target* is what was there. In sight the target is −1: ignore.

    text      t  h  e  ␣  o  l  d  ␣
    read      t  h  ▒  ␣  o  l  d  ␣
    target   −1 −1  e −1 −1 −1 −1 −1

On average 8·0.15 = 1.2 places are hidden; each is drawn for itself. A window in which none is drawn asks nothing.
If no window of a step has a target, the mean loss is 0/0, NaN. Remedy: hide at least one.

**The mask** needs an index of its own: with that of e, a hidden place looks like an e. Index 0 is a line break.

**Two networks** read the same windows. One is scored at hidden places only, the other at all eight, of which most can
be copied. The *loss* is the mean of −ln p, p being the probability given to the right character.

**Predict, then run.** How many windows ask nothing? Whose loss is lower, whose guesses of hidden characters better?
**Watch** the guesses, and accuracy in the test: there one place of each window is hidden, and `commonest` always says
the commonest character. **Break it:** `mask` = that of e; `batch` = 1, steps without target; `probability` = 0.9.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

SCORED = ("hidden only", "all places")
MASKS = ("its own", "0, the line break", "that of e")


class Knobs(KnobSet):
    tokens: int = knob(8, 2, 16, help="characters in a window")
    probability: float = knob(0.15, 0.02, 0.9, help="chance of each character to be hidden")
    one: bool = knob(False, help="whether a window in which nothing is hidden gets one hidden place")
    mask: str = knob(MASKS[0], choices=MASKS, help="index that is read where a character is hidden")
    batch: int = knob(256, 1, 512, scale="log", help="windows in a step")
    steps: int = knob(400, 20, 2000, scale="log", help="training steps of both networks")
    lr: float = knob(0.005, 1e-4, 0.1, scale="log", live=True, help="learning rate of Adam")
    pace: int = pace(30)


def run(lab, k):
    from math import comb

    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional

    text, rest = (torch.as_tensor(each, device=lab.device) for each in (lab.dataset.train_x, lab.dataset.test_x))
    letters = [*({"\n": "↵", " ": "␣"}.get(letter, letter) for letter in lab.dataset.vocabulary), "▒"]
    kinds, n, some = len(letters) - 1, k.tokens, min(k.tokens, 4) + 1
    mask = {MASKS[0]: kinds, MASKS[1]: 0, MASKS[2]: letters.index("e")}[k.mask]
    nets = nn.ModuleDict()
    for name in SCORED:
        torch.manual_seed(lab.seed)  # both begin alike
        read = nn.Sequential(nn.Embedding(kinds + 1, 16), nn.Flatten(), nn.Linear(16 * n, 128), nn.ReLU())
        nets[name] = nn.Sequential(*read, nn.Linear(128, n * kinds), nn.Unflatten(1, (n, kinds))).to(lab.device)
    adam = torch.optim.Adam(nets.parameters(), k.lr)
    lab.track(nets=nets, adam=adam)
    counts = lab.state.setdefault("counts", np.zeros(n + 1))  # of windows, by how many of their places are hidden
    lost = lab.state.setdefault("lost", [0])  # steps without any target
    exam = rest[: len(rest) // n * n].view(-1, n)
    asked = torch.arange(len(exam), device=lab.device)[:, None] % n == torch.arange(n, device=lab.device)
    odds = [comb(n, m) * k.probability**m * (1 - k.probability) ** (n - m) for m in range(some)]
    odds[:2] = [0.0, odds[0] + odds[1]] if k.one else odds[:2]
    old = torch.as_tensor([[letters.index(letter) for letter in ("the␣old␣" * 4)[:n]]], device=lab.device)
    off = asked[min(2, n - 1)]  # in the example the third place is hidden
    shown, due = old.masked_fill(off, mask), old.masked_fill(~off, -1)
    common = float((exam[asked] == torch.bincount(text).argmax()).float().mean())

    def test(count):  # shares right by network: at hidden places, in sight, and by place
        windows, off = exam[:count], asked[:count]
        with torch.no_grad():
            right = [(nets[name](windows.masked_fill(off, mask)).argmax(2) == windows).float() for name in SCORED]
        return [(hits[off].mean(), hits[~off].mean(), (hits * off).sum(0) / off.sum(0)) for hits in right]

    for step in lab.steps(k.steps):
        adam.param_groups[0]["lr"] = k.lr
        begins = torch.randint(len(text) - n, (k.batch, 1), device=lab.device)
        windows = text[begins + torch.arange(n, device=lab.device)]
        hidden = torch.rand(windows.shape, device=lab.device) < k.probability  # key: a draw for each place
        if k.one:
            spared = ~hidden.any(1)
            hidden[spared, torch.randint(n, (int(spared.sum()),), device=lab.device)] = True
        counts += np.bincount(hidden.sum(1).cpu(), minlength=n + 1)
        targets = windows.masked_fill(~hidden, -1)  # key: −1 where nothing was asked
        scores = [nets[name](windows.masked_fill(hidden, mask)).flatten(0, 1) for name in SCORED]
        losses = {}
        if hidden.any():  # key: or the mean would be 0/0
            losses["hidden only/loss"] = functional.cross_entropy(scores[0], targets.flatten(), ignore_index=-1)
        lost[0] += not losses
        losses["all places/loss"] = functional.cross_entropy(scores[1], windows.flatten())
        adam.zero_grad()
        sum(losses.values()).backward()
        adam.step()
        lab.scalars({name: loss.item() for name, loss in losses.items()})
        if step % 10 == 0:
            right = {f"{name}/accuracy": hits for name, (hits, _, _) in zip(SCORED, test(400), strict=True)}
            lab.scalars({**right, "commonest/accuracy": common})
        if lab.due():
            guesses = [each.view(-1, n, kinds)[:24].argmax(2).tolist() for each in scores]
            show(lab, letters, windows[:24].tolist(), hidden[:24].tolist(), mask, guesses)
            rows = [[letters[it] for it in old[0]], *(each[0].tolist() for each in (old, shown, due))]
            rows += [[letters[it] for it in nets[name](shown).argmax(2)[0]] for name in SCORED]
            rows = [(name, *row) for name, row in zip(("text", "index", "read", "target", *SCORED), rows, strict=True)]
            lab.table("example", ("place", *map(str, range(1, n + 1))), rows)
            rows = [(m, f"{100 * counts[m] / counts.sum():.1f}", f"{100 * odds[m]:.1f}") for m in range(some)]
            rows.append(("none in a step", f"{100 * lost[0] / (step + 1):.1f}", f"{100 * odds[0] ** k.batch:.1f}"))
            lab.table("how many are hidden", ("in a window", "measured %", "by formula %"), rows)
            by = {name: shares for name, (_, _, shares) in zip(SCORED, test(len(exam)), strict=True)}
            lab.curve("right by place", range(1, n + 1), axes=("place in the window", "test accuracy"), **by)

    for name, (accuracy, seen, by) in zip(SCORED, test(len(exam)), strict=True):
        lab.results(**{name: float(accuracy), f"{name}, copied": float(seen)})
        lab.results(**{f"{name}, first": float(by[0]), f"{name}, middle": float(by[n // 2])})
    lab.results(empty=float(counts[0] / counts.sum()), lost=lost[0] / k.steps, commonest=common)


def show(lab, letters, windows, hidden, mask, guesses):
    """Windows as text, what is read of them, and what the networks make of hidden places."""
    rows = []
    for window, gone, *guessed in zip(windows, hidden, *guesses, strict=True):
        row = ["".join(letters[it] for it in window)]
        row.append("".join(letters[mask if off else it] for it, off in zip(window, gone, strict=True)))
        told = ["".join(letters[it] for it, off in zip(each, gone, strict=True) if off) for each in (window, *guessed)]
        signs = [told[0], *(each if each == told[0] else f"✗ {each}" for each in told[1:])]
        rows.append((*row, *(signs if any(gone) else ("none", "·", "·"))))
    lab.table("windows of this step", ("text", "read", "target", *SCORED), rows)


def hide(tokens, probability, mask, rng):
    """What is read, and targets, −1 in sight, of tokens (windows, places); a spared window has one hidden at random."""
    import numpy as np

    hidden = rng.random(tokens.shape) < probability
    spared = np.flatnonzero(~hidden.any(1))
    hidden[spared, rng.integers(0, tokens.shape[1], len(spared))] = True
    return np.where(hidden, mask, tokens), np.where(hidden, tokens, -1)


def check_hide(hide):
    """Shapes, what may not change, a target in each window, and how often each place is hidden."""
    import numpy as np

    tokens = np.random.default_rng(1).integers(0, 5, (20_000, 8))
    kept = tokens.copy()
    found = hide(tokens, 0.15, 9, np.random.default_rng(2))
    if not isinstance(found, tuple) or len(found) != 2:
        raise Wrong(f"It returns two arrays, what is read and the targets; yours returns {type(found).__name__}.")
    read, targets = map(np.asarray, found)
    if read.shape != kept.shape or targets.shape != kept.shape:
        raise Wrong(f"Both have the shape of tokens, {kept.shape}; yours have {read.shape} and {targets.shape}.")
    hidden = read == 9
    yield number(int((tokens != kept).sum()), "tokens of the caller that were overwritten") == 0
    yield number(int((targets != np.where(hidden, kept, -1)).sum()), "wrong targets, −1 being right in sight") == 0
    yield number(int((read != np.where(hidden, 9, kept)).sum()), "changed tokens at places in sight") == 0
    yield number(int((~hidden.any(1)).sum()), "windows of 20,000 without a target") == 0
    due = 0.15 + 0.85**8 / 8  # a place is drawn, or its window is spared and it is the one in eight
    yield number(float(abs(hidden.mean(0) - due).max()), f"distance of a place's share hidden from {due:.3f}") <= 0.015
    yield number(float((hidden.sum(1) > 1).mean()), "share of windows with 2 or more hidden").between(0.32, 0.36)


H, A = last("hidden only"), last("all places")
LOSSES = last("all places/loss") / last("hidden only/loss")
MIDDLE, FIRST, CLASH = last("hidden only, middle"), last("hidden only, first"), last("all places", mask=MASKS[2])
TEN = tuple(range(10))

LESSON = Lesson(
    covers=("C13",),
    after="next-character",
    run=run,
    knobs=Knobs,
    data=("corpus",),
    minutes=12,
    takeaways=(
        "Hiding part of unlabelled data makes questions whose answers are known: a pretext task.",
        "A window of n tokens asks nothing with probability (1 − p)ⁿ: 27 % for 8 tokens at 0.15. Hide at least one.",
        "Only hidden places count: a loss over all is low because most answers are in sight.",
        "The mask needs an index that no token has, and −1 must be ignored, not looked up.",
    ),
    show=("windows of this step", "how many are hidden", "accuracy", "loss", "example", "right by place"),
    rows=("S4-33",),
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "In which share of this run's windows is nothing hidden, so that they ask nothing?",
            choices={
                "under 5 %": last("empty") < 0.05,
                "8 to 18 %": last("empty").between(0.08, 0.18),
                "over 22 %": last("empty") > 0.22,
            },
            why="All n draws have to spare it: (1 − p)ⁿ, for 8 tokens at 0.15 about 27 %. The average of 1.2 hidden "
            "places does not say so. If at least one place is hidden always, it is none.",
            mistakes=(44,),
        ),
        Prediction(
            "Which network guesses hidden characters better in the end, by half a point or more?",
            choices={"scored at hidden places only": H - A > 0.005, "scored at all places": A - H > 0.005},
            why="A loss over all places is low if most are in sight and copied; that says nothing about hidden ones. "
            "By default the one asked only for them leads by up to 5 points; early, or with 0.9 hidden, it trails.",
        ),
    ),
    claims=(
        Claim("27 % of the windows ask nothing", last("empty").between(0.262, 0.283), seeds=5),
        Claim("If one is always hidden, none", last("empty", one=True) == 0, seeds=3),
        Claim("Hidden only: over 70 % right; the commonest: under 20 %", H > 0.7, last("commonest") < 0.2, seeds=TEN),
        Claim("Scored at all places the loss is less than a quarter of that …", LOSSES < 0.25, seeds=TEN),
        Claim("… and hidden characters are not guessed better by over half a point", H - A > -0.005, seeds=TEN),
        Claim("… in eight runs of ten or more it is worse", H - A > 0.002, seeds=TEN, needed=8),
        Claim("After 60 steps it leads", last("all places", steps=60) - last("hidden only", steps=60) > 0.03, seeds=5),
        Claim("It copies over 98 % of what is in sight", last("all places, copied") > 0.98, seeds=TEN),
        Claim("The other, never asked, gives under 82 % back", last("hidden only, copied") < 0.82, seeds=TEN),
        Claim("In the middle 12 points more are right than at the first place", MIDDLE - FIRST > 0.12, seeds=5),
        Claim("Index of e as the mask: the one scored at all guesses worse", A - CLASH > 0.002, seeds=5),
        Claim("One window a step: about 27 % have no target", last("lost", batch=1).between(0.18, 0.36), seeds=5),
        Claim("With nine tenths hidden under 65 % are right", last("hidden only", probability=0.9) < 0.65, seeds=3),
    ),
    quiz=quiz("""
        ? [compute] Windows have 4 tokens, each hidden with probability 0.5. Which share asks nothing?
        - None: two are hidden on average
        + 1 in 16
        - Half
        = 0.5⁴ = 1/16. The mean, 2 hidden of 4, says nothing about how often it is 0.
        & 44

        ? [compute] 85 of 100 places are in sight and copied; of 15 hidden ones 6 are guessed. Which accuracy results?
        - 40 % both times, as copies do not count
        - 91 % over all, and so at hidden ones as well
        + 91 % over all, 40 % at hidden ones
        = (85 + 6)/100 against 6/15. A score over all places mostly measures copying.

        ? [foresee] All targets of a step are −1. What does PyTorch's `cross_entropy(…, ignore_index=-1)` return?
        - 0, as nothing is wrong
        + NaN
        - −1 at each place
        = A mean over no targets is 0/0. Its gradient is 0 in PyTorch, so nothing is learned, and each average over
          such losses is NaN. Skip the step, or hide at least one.

        ? [foresee] NumPy: `-np.log(p[np.arange(8), target])`, some targets being −1. What happens at those places?
        + The last class counts as right
        - An IndexError, as −1 is no class
        - They count 0
        = In NumPy an index of −1 is the last one. Choose the places that have a target first.

        ? [foresee] A network scored at hidden places only is asked for a character that it can read. What happens?
        - It copies it, as the answer is in its input
        + It is often wrong
        - It refuses, as there is no mask
        = It was never asked about what it sees, so it did not learn to copy. Of its chosen tokens BERT leaves a tenth
          as they are, so that what is seen counts as well, and replaces another tenth by random ones.
    """),
    exercises=(
        CodeExercise(
            "Windows without a target come through, and targets at places in sight are 0, a token. Repair both.",
            hide,
            check_hide,
            broken={
                "    spared = np.flatnonzero(~hidden.any(1))\n"
                "    hidden[spared, rng.integers(0, tokens.shape[1], len(spared))] = True\n": "",
                "tokens, -1": "tokens, 0",
            },
            hints=(
                "`hidden.any(1)` says for each window whether something is hidden.",
                "One random place each: `rng.integers(0, places, how many)`, and set hidden[windows, places].",
            ),
        ),
        Exercise(
            "With 8 tokens, none forced: under 3 % of windows ask nothing, yet `hidden only` guesses over 65 % right.",
            knob_value("tokens") == 8,
            knob_value("one") == 0,
            last("empty") < 0.03,
            H > 0.65,
            solution={"probability": 0.4},
            hints=("(1 − p)⁸ has to be small. But with too many hidden there is nothing to guess from.",),
        ),
    ),
    sources=(
        "J. Devlin, M.-W. Chang, K. Lee, K. Toutanova: BERT: Pre-training of deep bidirectional transformers for "
        "language understanding, NAACL 2019, section 3.1 and appendix A.1 (15 %; mask, random or unchanged)",
        "Google Research: BERT, github.com/google-research/bert 2018, create_pretraining_data.py (at least one target)",
        "W. L. Taylor: “Cloze procedure”: a new tool for measuring readability, Journalism Quarterly 30 (1953)",
    ),
)
