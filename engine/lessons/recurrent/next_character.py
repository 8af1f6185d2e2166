"""Next character: hello

After `h`, `e` and `l` comes `l`. After `h`, `e`, `l` and `l` comes `o`. Both times the last letter read is an l: so how
can a network know which is next?

**A recurrent network** carries a state h, a list of numbers, from letter to letter. At each, the new state is computed
from the letter x and the state before; scores of the possible next letters are computed from it, and `softmax` makes
them probabilities: eˢ for each score s, divided by the sum of all:

    hₜ = tanh(W·xₜ + U·hₜ₋₁ + b)
    scores = V·hₜ + c,   probabilities = softmax(scores)

The same W, U and V serve at every place. With four letters and 16 state units that is

    16·4 + 16·16 + 16 + 16 = 352,   and 4·16 + 4 = 68:   420 numbers

(PyTorch keeps two biases for b). The *loss* is the mean of −ln p over the letters that really came, p being the
probability that they were given. Untrained, each gets about ¼: near ln 4 ≈ 1.39.

**Learning** goes through time: the loss at the `o` depends on U by way of every earlier state, and backpropagation
follows all of those ways (*backpropagation through time*).

**Predict, then run.** Switch `memory` off and U·hₜ₋₁ is left out. Which loss can the network then not get below?

**Watch** the table of probabilities find its four right cells, and the path of the state through its plane: the two l
start near each other and have to part.

**Break it.** Without memory: `banana` is learned all the same, `mississippi` is not. Which letters make the difference?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    at,
    first,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)


class Knobs(KnobSet):
    word: str = knob("hello", choices=("hello", "banana", "mississippi"), help="the word to learn")
    hidden: int = knob(16, 1, 64, scale="log", help="numbers in the state")
    memory: bool = knob(True, help="whether the state before is used; without, each letter is seen alone")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    steps: int = knob(150, 10, 2000, scale="log", help="training steps, each on the whole word")
    pace: int = pace(30)


def run(lab, k):
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.minibatches import count_parameters

    letters = list(dict.fromkeys(k.word))
    spelled = torch.tensor([letters.index(letter) for letter in k.word], device=lab.device)
    x, y = functional.one_hot(spelled[:-1], len(letters)).float(), spelled[1:]
    rnn = nn.RNN(len(letters), k.hidden, batch_first=True).to(lab.device)
    head = nn.Linear(k.hidden, len(letters)).to(lab.device)
    net = nn.ModuleDict({"rnn": rnn, "head": head})
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    lab.results(parameters=count_parameters(net))

    def read(x):
        """States (letters, hidden) while reading ``x`` (letters, alphabet)."""
        if k.memory:
            return rnn(x[None])[0][0]  # key: each state is made from the letter and the state before
        return rnn(x[:, None])[0][:, 0]  # every letter as a word of its own, from a state of zeros

    for _ in lab.steps(k.steps):
        states = read(x)
        scores = head(states)
        loss = functional.cross_entropy(scores, y)  # key: at every place, the next letter is the answer
        adam.zero_grad()
        loss.backward()  # key: back through all places to the shared weights
        adam.step()
        right = (scores.argmax(1) == y).float().mean()
        lab.scalars({"train/loss": loss, "train/accuracy": right})
        if lab.due():
            chance = scores.softmax(1).detach()
            read_so_far = [k.word[: place + 1] for place in range(len(y))]
            axes = "next letter", "read so far"
            lab.field(
                "probability of the next letter", chance, rows=read_so_far, columns=letters, low=0, high=1, axes=axes
            )
            lab.points(
                "state",
                plane(states.detach()),
                spelled[:-1],
                letters,
                paths={"reading": plane(states.detach())},
                axes=("first main direction", "second"),
                aspect="equal",
            )
            lab.text("spells", spell(read, head, letters, k.word))
    with torch.no_grad():
        scores = head(read(x))
        lab.results(**{"train/loss": functional.cross_entropy(scores, y).item()})
        lab.results(**{"train/accuracy": (scores.argmax(1) == y).float().mean().item()})


def plane(states):
    """States (letters, hidden) in the plane in which they differ most: (letters, 2)."""
    import torch

    centred = states - states.mean(0)
    _, _, directions = torch.linalg.svd(centred)
    flat = centred @ directions[:2].T
    return torch.nn.functional.pad(flat, (0, 2 - flat.shape[1]))  # a single state unit makes a line


def spell(read, head, letters, word):
    """What the network writes if it is given the first letter and then its own guesses."""
    import torch
    from torch.nn import functional

    written = word[0]
    with torch.no_grad():
        for _ in word[1:]:
            x = functional.one_hot(torch.tensor([letters.index(letter) for letter in written]), len(letters)).float()
            written += letters[int(head(read(x.to(head.weight.device)))[-1].argmax())]
    return written


def states(x, w, u, b):
    """States of a recurrent network that reads ``x``, starting from zeros.

    x: (letters, inputs); w: (units, inputs); u: (units, units); b: (units,). Returns (letters, units).
    """
    import numpy as np

    h = np.zeros(len(b))
    found = np.zeros((len(x), len(b)))
    for place, letter in enumerate(x):
        h = found[place] = np.tanh(w @ letter + u @ h + b)
    return found


def check_states(states):
    """Shape, then the state after each letter."""
    import numpy as np

    rng = np.random.default_rng(0)
    x, w, u, b = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 3)), rng.normal(size=3)
    found = np.asarray(states(x.copy(), w.copy(), u.copy(), b.copy()))
    if found.shape != (5, 3):
        raise Wrong(f"Five letters and three units make states of shape (5, 3); yours have shape {found.shape}.")
    h = np.zeros(3)
    for place, letter in enumerate(x):
        h = np.tanh(w @ letter + u @ h + b)
        off = np.abs(found[place] - h).max()
        yield number(off, f"state after letter {place + 1}, distance from tanh(W·x + U·h + b):") <= 1e-9


LOSS = last("train/loss")

LESSON = Lesson(
    covers=("H02",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=10,
    takeaways=(
        "A recurrent network carries a state from letter to letter, and uses the same weights at each.",
        "With its state it can tell the two l of hello apart; without it the loss cannot fall below (ln 2)/2.",
        "Backpropagation through time follows the gradient back through every earlier state.",
    ),
    show=("probability of the next letter", "state", "loss", "spells"),
    rows=("S2-38", "S2-39"),
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "At which loss will the run end?",
            choices={
                "below 0.1": LOSS < 0.1,
                "0.1 to 0.3": LOSS.between(0.1, 0.3),
                "0.3 to 0.4": LOSS.between(0.3, 0.4),
                "above": LOSS > 0.4,
            },
            why="With memory the word can be learned completely. Without, hello has two places where an l is followed "
            "by l and by o: ½ each is the best answer, and the mean loss (ln 2 + ln 2)/4 ≈ 0.347.",
        ),
        Prediction(
            "How many numbers does the network learn?",
            last("parameters"),
            why="hidden·letters + hidden² + 2·hidden in the recurrent part, letters·hidden + letters in the head.",
            within=0.001,
        ),
    ),
    claims=(
        Claim("16 state units and four letters: 420 parameters", last("parameters", steps=10) == 420),
        Claim("It starts near ln 4 = 1.386 …", first("train/loss").between(1.1, 1.8), seeds=5),
        Claim("… and is below 0.1 within 40 steps", at(40, "train/loss") < 0.1, seeds=5),
        Claim(
            "Without memory the loss stays above (ln 2)/2 = 0.3466, however long it trains",
            last("train/loss", memory=False, steps=1000).between(0.3465, 0.348),
            seeds=3,
        ),
        Claim(
            "Without memory banana is learned all the same, and mississippi is not",
            last("train/loss", memory=False, steps=1000, word="banana") < 0.02,
            last("train/loss", memory=False, steps=1000, word="mississippi") > 0.3,
            seeds=3,
        ),
    ),
    quiz=quiz("""
        ? The network has learned hello. What tells it at the second l that an o is next?
        - The letter l itself, whose weights have learned both
        + The state, unlike that at the first l
        - Its position in the word, which is an input
        = The inputs are the same; the states are not, since one comes after e and the other after l.
        & S2-39

        ? [compute] Four letters and a state of 8. How many numbers has the recurrent part, with two biases?
        - 32: 8·4
        - 96: 8·4 + 8·8
        + 112
        = 8·4 + 8·8 + 8 + 8 = 112: weights from the letter, weights from the state before, and the biases.
        & S2-38

        ? A recurrent network reads a text ten times as long. How many more parameters does it need?
        + None
        - Ten times as many
        - One set of weights for each new letter
        = The same W, U and V are used at every place. What grows is the way that gradients have to go back.

        ? [foresee] Memory is off and the word is aab. Which loss does training approach, letters being read singly?
        - Zero
        + ln 2 ≈ 0.69
        - (ln 2)/2 ≈ 0.35: one of two is always right
        = a is followed once by a and once by b, so ½ each is the best answer at both places: (ln 2 + ln 2)/2.
    """),
    exercises=(
        Exercise(
            "How little memory is enough? Teach hello to a network with a state of one or two numbers: loss below 0.1.",
            knob_value("hidden") <= 2,
            LOSS < 0.1,
            knob_value("word") == "hello",
            solution={"hidden": 2, "lr": 0.03, "steps": 600},
            hints=(
                "Fewer numbers have to be placed more exactly; that takes longer.",
                "Larger steps, and more of them. If it gets stuck, start from another seed.",
            ),
        ),
        CodeExercise(
            "This recurrent network forgets what it read, and what it keeps is added outside the tanh. Fix both.",
            states,
            check_states,
            broken={"h = found": "found", "np.tanh(w @ letter + u @ h + b)": "np.tanh(w @ letter + b) + u @ h"},
            hints=(
                "What is h when the third letter is read? Each new state has to become the h of the next letter.",
                "tanh keeps every number of the state between −1 and 1.",
            ),
        ),
    ),
    sources=(
        "J. Elman: Finding structure in time, Cognitive Science 14 (1990)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 10.2",
        "A. Karpathy: The unreasonable effectiveness of recurrent neural networks (2015), karpathy.github.io",
    ),
)
