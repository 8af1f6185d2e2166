"""Next character: hello

After `h`, `e` and `l` comes `l`. After `h`, `e`, `l` and `l` comes `o`. Both times the last letter read is an l: so how
can a network know which is next?

**A recurrent network** carries a state h from letter to letter. At each, the new state is computed from the letter x
and the state before:

    hₜ = tanh(W·xₜ + U·hₜ₋₁ + b)
    scores = V·hₜ + c,   probabilities = softmax(scores)

The same W, U and V serve at every place. With four letters and 16 state units that is

    16·4 + 16·16 + 16 + 16 = 352,   and 4·16 + 4 = 68:   420 numbers

(PyTorch keeps two biases for b). Untrained, each letter gets about ¼, so the loss starts near ln 4 ≈ 1.39.

**Learning** goes through time: the loss at the `o` depends on U by way of every earlier state, and backpropagation
follows all of those ways (*backpropagation through time*).

**Predict, then run.** Switch `memory` off and U·hₜ₋₁ is left out. Which loss can the network then not get below?

**Watch** the table of probabilities find its four right cells, and the path of the state through its plane: the two l
start near each other and have to part.

**Break it.** One state unit; or a word with longer repeats.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    Lesson,
    Prediction,
    Question,
    Wrong,
    knob,
    knobs,
)


@knobs
class Knobs:
    word: str = knob("hello", choices=("hello", "banana", "mississippi"), help="the word to learn")
    hidden: int = knob(16, 1, 64, scale="log", help="numbers in the state")
    memory: bool = knob(True, help="whether the state before is used; without, each letter is seen alone")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    steps: int = knob(150, 10, 2000, scale="log", help="training steps, each on the whole word")
    pace: int = knob(30, 0, 1000, live=True, help="steps a second at most, to watch; 0: as fast as it goes")


def run(lab, k):
    import torch
    from torch import nn
    from torch.nn import functional

    letters = list(dict.fromkeys(k.word))
    spelled = torch.tensor([letters.index(letter) for letter in k.word], device=lab.device)
    x, y = functional.one_hot(spelled[:-1], len(letters)).float(), spelled[1:]
    rnn = nn.RNN(len(letters), k.hidden, batch_first=True).to(lab.device)
    head = nn.Linear(k.hidden, len(letters)).to(lab.device)
    net = nn.ModuleDict({"rnn": rnn, "head": head})
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    lab.results(parameters=sum(weights.numel() for weights in net.parameters()))

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
            lab.field("probability of the next letter", chance, rows=read_so_far, columns=letters, low=0, high=1)
            lab.points(
                "state",
                plane(states.detach()),
                spelled[:-1],
                letters,
                paths={"reading": plane(states.detach())},
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
        found[place] = np.tanh(w @ letter + u @ h + b)
    return found


def states_solved(x, w, u, b):
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
    """Shape, first state, the others, and that the order of letters matters."""
    import numpy as np

    rng = np.random.default_rng(0)
    x, w, u, b = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 3)), rng.normal(size=3)
    found = np.asarray(states(x.copy(), w.copy(), u.copy(), b.copy()))
    if found.shape != (5, 3):
        raise Wrong(f"Five letters and three units make states of shape (5, 3); yours have shape {found.shape}.")
    h = np.zeros(3)
    for place, letter in enumerate(x):
        h = np.tanh(w @ letter + u @ h + b)
        if not np.allclose(found[place], h):
            missing = np.allclose(found[place], np.tanh(w @ letter + b))
            why = "; it does not depend on the letters before" if place and missing else ""
            raise Wrong(f"The state after letter {place + 1} is not tanh(W·x + U·h + b){why}.")


def one_unit(result):
    """A single state unit has learned hello."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["word"] != "hello" or result.knobs["hidden"] != 1:
        raise Wrong("The word is to be hello, and the state a single number.")
    if not result.last("train/loss") < 0.05:
        raise Wrong(f"The loss ends at {result.last('train/loss'):.3f}; get it below 0.05.")


LESSON = Lesson(
    covers=("H02",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=10,
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "At which loss will the run end?",
            choices=("below 0.1", "0.1 to 0.3", "0.3 to 0.4", "above"),
            truth=lambda r: sum(r.last("train/loss") > bound for bound in (0.1, 0.3, 0.4)),
            why="With memory the word can be learned completely. Without, hello has two places where an l is followed "
            "by l and by o: ½ each is the best answer, and the mean loss (ln 2 + ln 2)/4 ≈ 0.347.",
        ),
        Prediction(
            "How many numbers does the network learn?",
            truth=lambda r: r.last("parameters"),
            why="hidden·letters + hidden² + 2·hidden in the recurrent part, letters·hidden + letters in the head.",
            within=0.001,
        ),
    ),
    claims=(
        Claim(
            "16 state units and four letters: 420 parameters",
            measure=lambda r: r.run.last("parameters"),
            exactly=420,
            runs={"run": {"steps": 10}},
        ),
        Claim(
            "It starts near ln 4 = 1.386 …",
            measure=lambda r: r.run.first("train/loss"),
            above=1.1,
            below=1.8,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "… and is below 0.1 within 40 steps",
            measure=lambda r: r.run.at("train/loss", 40),
            below=0.1,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "Without memory the loss stays above (ln 2)/2 = 0.3466, however long it trains",
            measure=lambda r: r.run.last("train/loss"),
            above=0.3465,
            below=0.348,
            runs={"run": {"memory": False, "steps": 1000}},
            seeds=(0, 1, 2),
        ),
    ),
    quiz=(
        Question(
            "The network has learned hello. What tells it at the second l that an o is next?",
            (
                "The letter l itself",
                "The state, which differs from that at the first l",
                "Its position, which is an input",
            ),
            1,
            "The inputs are the same; the states are not, since one comes after e and the other after l.",
        ),
        Question(
            "A recurrent network reads a text ten times as long. How many more parameters does it need?",
            ("None", "Ten times as many", "One set for each letter"),
            0,
            "The same W, U and V are used at every place. What grows is the way that gradients have to go back.",
        ),
        Question(
            "The four letters are equally likely to an untrained network. What is its loss?",
            ("0.25", "ln 4 ≈ 1.39", "4"),
            1,
            "−ln ¼ = ln 4. A loss well above at the start means that it is sure of wrong answers.",
        ),
    ),
    exercises=(
        Exercise(
            "Is one number memory enough? Teach hello to a network with a single state unit: loss below 0.05.",
            check=one_unit,
            solution={"hidden": 1, "lr": 0.05, "steps": 2000},
            hints=(
                "15 parameters have to be placed exactly; that takes longer.",
                "Larger steps, and more of them. If it still gets stuck, start from another seed.",
            ),
        ),
        CodeExercise(
            "This recurrent network has no memory: its states forget what was read. Mend it.",
            starter=states,
            solution=states_solved,
            check=check_states,
            hints=(
                "What is h when the third letter is read?",
                "Each new state has to become the h of the next letter.",
            ),
        ),
    ),
    sources=(
        "J. Elman: Finding structure in time, Cognitive Science 14 (1990)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 10",
        "A. Karpathy: The unreasonable effectiveness of recurrent neural networks (2015)",
    ),
)
