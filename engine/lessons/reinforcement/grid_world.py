"""Grid world: planning and learning

Five by five squares, three walls, one goal. With a map, how would you find the best way from *every* square? And
without one, only by the bumps and one reward at the end?

    {map}

**The task.** A is the start, G the goal, █ a wall. Each move costs 0.04; only the one that reaches the goal gives 1
instead and ends the *episode*, a walk from A. With probability `slip` a move goes off to one side. Wanted is a
*policy*, an arrow for each square, with the greatest expected *return*, in which a reward one move later counts γ
times as much:

    r₁ + γ·r₂ + γ²·r₃ + …,   0 < γ < 1.

**Planning** (value iteration) knows the map. The *value* V of a square is the return from there on; that of the goal is
0. Again and again, for every square s, take the best move a:

    V(s) ← maxₐ Σ p(s′|s, a)·[r + γ·V(s′)]

Each sweep over all squares shrinks the largest error by the factor γ at least.

**Learning** (Q-learning) tries moves and shifts Q, its estimate of what a move brings, by a share α towards what was
seen:

    Q(s, a) ← Q(s, a) + α·[r + γ·maxₐ′ Q(s′, a′) − Q(s, a)]

With probability ε the move is random, else the best so far.

The start is 4 moves from the goal; three cost, the fourth earns 1:

    −0.04·(1 + 0.9 + 0.81) + 0.729 = 0.62

**Predict, then run.** From how many of the 21 squares will the learned arrows lead to the goal?

**Watch** the arrows turn. Learning is sure only along the ways it takes often.

**Break it.** ε = 0: the way from A is soon the shortest; which arrows are never put right?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

SIZE, START, GOAL = 5, (1, 1), (3, 3)
WALLS = ((2, 1), (1, 3), (3, 2))
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
ARROWS = "↑→↓←"
SWEEPS = 30
LONGEST = 100
"""Moves after which an episode is given up."""
BLOCK = 10


class Knobs(KnobSet):
    gamma: float = knob(0.9, 0.05, 0.99, help="γ: what a reward is worth a move later")
    slip: float = knob(0.0, 0.0, 0.6, help="probability that a move goes off to one side")
    alpha: float = knob(0.3, 0.01, 1.0, live=True, help="α: how far an estimate moves towards what was seen")
    epsilon: float = knob(0.2, 0.0, 1.0, live=True, help="ε: share of random moves while learning")
    start_anywhere: bool = knob(False, help="begin each episode on a random square, not always at A")
    episodes: int = knob(600, 10, 5000, scale="log", help="episodes of learning")
    pace: int = pace(8)


def squares():
    """The 21 free squares other than the goal, as (row, column)."""
    every = [(row, column) for row in range(SIZE) for column in range(SIZE)]
    return [square for square in every if square not in WALLS and square != GOAL]


def moved(square, move):
    """Where ``move`` leads: to the next square, or nowhere if that is a wall or outside."""
    row, column = square[0] + MOVES[move][0], square[1] + MOVES[move][1]
    inside = 0 <= row < SIZE and 0 <= column < SIZE and (row, column) not in WALLS
    return (row, column) if inside else square


def outcomes(square, move, slip):
    """[(probability, next square, reward)] of a move."""
    ways = [(1 - slip, move), (slip / 2, (move + 1) % 4), (slip / 2, (move - 1) % 4)]
    found = [(p, moved(square, way)) for p, way in ways if p > 0]
    return [(p, place, 1.0 if place == GOAL else -0.04) for p, place in found]


def follow(policy, square):
    """Moves to the goal along ``policy`` without slipping; None if it never gets there."""
    for count in range(SIZE * SIZE):
        if square == GOAL:
            return count
        square = moved(square, policy[square])
    return None


def draw_map():
    """The world as text, a line a row: ``A`` the start, ``G`` the goal, ``█`` a wall."""
    signs = {**dict.fromkeys(WALLS, "█"), START: "A", GOAL: "G"}
    return [" ".join(signs.get((row, column), "·") for column in range(SIZE)) for row in range(SIZE)]


__doc__ = (__doc__ or "").replace("    {map}", "\n".join(f"    {line}" for line in draw_map()))  # that of the run


def show(lab, **known):
    """What planning and learning know, side by side: for each the values (5, 5) as shades, and arrows; or None."""
    values, texts = [], []
    for found in known.values():
        words = [["wall" if (row, column) in WALLS else "goal" for column in range(SIZE)] for row in range(SIZE)]
        special = {GOAL: 0.0, **dict.fromkeys(WALLS, float("nan"))}
        shades = [[special.get((row, column)) for column in range(SIZE)] for row in range(SIZE)]
        for row, column in squares():
            start = "A" if (row, column) == START else ""
            words[row][column] = f"{start} ·".strip()
            if found is not None:
                worth, policy = found
                shades[row][column] = worth[row, column].item()
                number = f"{worth[row, column]:.2f}".replace("0.", ".", 1)
                words[row][column] = f"{start}{ARROWS[policy[row, column]]} {number}"
        values.append(shades)
        texts.append(words)
    axes = ("column", "row")
    lab.field("planned and learned", values, panes=tuple(known), texts=texts, low=-0.5, high=1, axes=axes)


def report(lab, name, policy):
    """State from how many squares ``policy`` leads to the goal, and if from the start, in how many moves."""
    reached = sum(follow(policy, square) is not None for square in squares())
    lab.results(**{f"{name}/squares that lead to the goal": reached})
    if (moves := follow(policy, START)) is not None:
        lab.results(**{f"{name}/moves from the start": moves})


def run(lab, k):
    learn(lab, k, plan(lab, k))


def plan(lab, k):
    """Value iteration: sweeps over all squares. Returns values (5, 5) and the best move in each square."""
    import torch

    values = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    lab.track(values=values)

    def worth(square, move):
        return sum(p * (reward + k.gamma * values[place].item()) for p, place, reward in outcomes(square, move, k.slip))

    def best_moves():
        return {square: max(range(4), key=lambda move: worth(square, move)) for square in squares()}

    for _ in lab.steps(SWEEPS, unit="sweeps"):
        best = {square: max(worth(square, move) for move in range(4)) for square in squares()}  # key: of four moves
        change = max(abs(value - values[square].item()) for square, value in best.items())
        for square, value in best.items():
            values[square] = value
        lab.scalars({"planning/largest change": change})
        show(lab, planned=(values, best_moves()), learned=None)
    report(lab, "planned", best_moves())
    lab.results(**{"planned/value of the start": values[START]})
    return values, best_moves()


def learn(lab, k, planned):
    """Q-learning: episodes of trial and correction, shown beside what was ``planned``."""
    import random

    import torch

    q = torch.zeros(SIZE, SIZE, 4, dtype=torch.float64)
    lab.track(q=q)

    def best_moves():
        return {square: int(q[square].argmax()) for square in squares()}

    def episode():
        """Return of one episode, and the squares it came through."""
        square = random.choice(squares()) if k.start_anywhere else START
        way, total = [square], 0.0
        while square != GOAL and len(way) <= LONGEST:
            greedy = random.random() >= k.epsilon
            move = int(q[square].argmax()) if greedy else random.randrange(4)  # key: the best so far, or a trial
            likely = outcomes(square, move, k.slip)
            _, place, reward = random.choices(likely, [p for p, _, _ in likely])[0]
            after = 0.0 if place == GOAL else q[place].max().item()
            surprise = reward + k.gamma * after - q[square][move].item()  # key: what was seen, less what was expected
            q[square][move] += k.alpha * surprise
            total += k.gamma ** (len(way) - 1) * reward
            square = place
            way.append(square)
        return total, way

    for _ in lab.steps(max(1, k.episodes // BLOCK), unit="tens of episodes"):
        tried = [episode() for _ in range(BLOCK)]
        lab.scalars({"learning/mean return": sum(total for total, _ in tried) / BLOCK})
        lab.scalars({"learning/mean moves": sum(len(way) - 1 for _, way in tried) / BLOCK})
        show(lab, planned=planned, learned=(q.max(2).values, best_moves()))
    report(lab, "learned", best_moves())
    lab.results(**{"learned/value of the start": q[START].max()})


def updated(q, square, move, reward, after, ended, alpha, gamma):
    """Q-learning's new estimate of ``move`` in ``square``, which brought ``reward`` and led to the square ``after``.

    q: for each square the estimates of its moves; ended: whether the episode is over.
    """
    future = 0.0 if ended else max(q[after])
    surprise = reward + gamma * future - q[square][move]
    return q[square][move] + alpha * surprise


def check_updated(updated):
    """On the way, at the end, and in a corridor that it must learn to value rightly."""
    q = {"here": [0.2, 0.0], "there": [0.1, 0.5]}
    found = updated(q, "here", 0, -0.04, "there", False, 0.5, 0.9)
    yield number(abs(found - 0.305), "on the way, distance from 0.2 + 0.5·(−0.04 + 0.9·0.5 − 0.2) = 0.305,") <= 1e-9
    found = updated(q, "here", 1, 1.0, "there", True, 0.5, 0.9)
    yield number(abs(found - 0.5), "after the last move, distance from 0 + 0.5·(1 − 0) = 0.5,") <= 1e-9
    corridor = [[0.0] * 4 for _ in range(4)]
    for _ in range(200):
        for place in range(3):
            corridor[place][0] = updated(corridor, place, 0, float(place == 2), place + 1, place == 2, 0.5, 0.9)
    off = abs(corridor[0][0] - 0.81)
    yield number(off, "three moves before a reward of 1, distance from 0.9² = 0.81,") <= 1e-3


REACHED = last("learned/squares that lead to the goal")
AHEAD = last("learned/value of the start") - last("planned/value of the start")

LESSON = Lesson(
    covers=("J01",),
    run=run,
    knobs=Knobs,
    minutes=12,
    takeaways=(
        "Value iteration needs the map; every sweep shrinks its largest error by γ or more.",
        "Q-learning needs no map: it shifts its estimates towards what its own moves bring.",
        "Learned arrows are right along the ways that are often taken, and can be wrong elsewhere.",
        "Without random moves, most squares are never put right.",
    ),
    show=("planned and learned", "mean moves", "mean return"),
    rows=("S4-34a", "S4-34b"),
    mistakes=(57,),
    smoke={"episodes": 50},
    predictions=(
        Prediction(
            "From how many of the 21 squares will the learned arrows lead to the goal?",
            choices={"at most 10": REACHED <= 10, "11 to 20": REACHED.between(10, 21), "all 21": REACHED == 21},
            why="Squares off the usual way are tried seldom: their arrows may stay as they began. Starting anywhere "
            "reaches them all.",
            mistakes=(57,),
        ),
        Prediction(
            "Planning knows what the start A is worth. What will learning say, which never saw the map?",
            choices={
                "clearly less": AHEAD < -0.06,
                "within 0.05 of it": abs(AHEAD) < 0.05,
                "clearly more": AHEAD > 0.06,
            },
            why="Without slipping the same, after a hundred episodes: along the way it takes, learning finds the true "
            "value. With slips its last few surprises still show, as α stays what it is.",
        ),
    ),
    claims=(
        Claim(
            "Planned arrows lead to the goal from all 21 squares",
            last("planned/squares that lead to the goal", episodes=10) == 21,
        ),
        Claim(
            "Learned arrows take the shortest way from the start, 4 moves, and know its value, 0.62",
            last("learned/moves from the start") == 4,
            last("learned/value of the start").between(0.61, 0.63),
            abs(AHEAD) < 0.01,
            seeds=5,
        ),
        Claim(
            "… but seldom the way from everywhere: in nine runs of ten or more, from 11 to 20 squares",
            REACHED.between(10, 21),
            seeds=tuple(range(10)),
            needed=9,
        ),
        Claim(
            "Without trials, ε = 0, the way from the start is as short, but from most squares there is none",
            last("learned/moves from the start", epsilon=0.0) == 4,
            last("learned/squares that lead to the goal", epsilon=0.0) <= 10,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? Value iteration and Q-learning use almost the same formula. What does only the first one need?
        - The reward of the move that was made
        + The probabilities of what follows
        - A discount γ that is below 1
        = It averages over all outcomes. Q-learning takes the one that happened, and averages by doing it
          often.

        ? [compute] Without slipping the goal is 4 moves away. The first three cost 0.04 each, the fourth earns 1;
          γ = 0.9. What is the start worth?
        - 1 − 3·0.04 = 0.88
        + About 0.62
        - 0.9⁴ ≈ 0.66, less the costs: 0.54
        = −0.04·(1 + 0.9 + 0.81) + 0.729 ≈ 0.62: what comes n moves later counts 0.9ⁿ, and the fourth move comes three
          moves later than the first.

        ? [foresee] Here, with ε = 0, the agent always takes the move that looks best. What will it find?
        - Nothing: who never explores cannot find the goal
        + A shortest way from A, and wrong arrows elsewhere
        - Any way that works, which it then repeats, long as it may be
        = All estimates begin at 0, and each move that costs looks worse than one not tried yet: that is exploring too.
          Once the shortest way looks best it settles, and squares off that way are not visited again.
        & 57
    """),
    exercises=(
        Exercise(
            "Make learning find arrows that lead to the goal from all 21 squares, with at most 600 episodes.",
            knob_value("episodes") <= 600,
            REACHED >= 21,
            solution={"start_anywhere": True},
            hints=(
                "Which squares have wrong arrows? How often did the agent stand there?",
                "It must get there more often: by trying more, or by starting there.",
            ),
        ),
        CodeExercise(
            "This update looks at the wrong square, goes on after the end and forgets what it knew. Fix it.",
            updated,
            check_updated,
            broken={
                "0.0 if ended else max(q[after])": "q[square][move]",
                "q[square][move] + alpha * surprise": "reward + gamma * future",
            },
            hints=(
                "Which square's best move tells what is still to come? And if the episode is over?",
                "The new estimate is the old one, moved by a share α of the surprise.",
            ),
        ),
    ),
    sources=(
        "R. Sutton, A. Barto: Reinforcement Learning, 2nd edition, MIT Press 2018, sections 4.4 and 6.5",
        "C. Watkins, P. Dayan: Q-learning, Machine Learning 8 (1992)",
        "R. Bellman: Dynamic Programming, Princeton University Press 1957",
    ),
)
