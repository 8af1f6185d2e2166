"""Grid world: planning and learning

Five by five squares, three walls, one goal. If you had the map, how would you find the best way from *every* square?
And if you had none, only the bumps and one reward at the end?

**The task.** Each move costs 0.04; only the one that reaches the goal gives 1 instead and ends the episode. With
probability `slip` the move goes off to one side. Wanted is a policy, an arrow for each square, with the greatest
expected *return*

    r₁ + γ·r₂ + γ²·r₃ + …,   0 < γ < 1.

**Planning** (value iteration) knows the map. The value of a square is that of its best move:

    V(s) ← maxₐ Σ p(s′|s, a)·[r + γ·V(s′)]

Every sweep shrinks the largest error of all values at least by the factor γ. Values spread from the goal, a square a
sweep.

**Learning** (Q-learning) knows nothing, tries moves and corrects its estimate of what followed:

    Q(s, a) ← Q(s, a) + α·[r + γ·maxₐ′ Q(s′, a′) − Q(s, a)]

With probability ε it tries a random move, else the best so far.

**Predict, then run.** From how many of the 21 free squares will the learned arrows lead to the goal?

**Watch** the arrows turn. Learning is sure only along the ways it takes often.

**Break it.** ε = 0, or γ = 0.3; or let it slip: which arrows change?
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

SIZE, START, GOAL = 5, (1, 1), (3, 3)
WALLS = ((2, 1), (1, 3), (3, 2))
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
ARROWS = "↑→↓←"
SWEEPS = 30
LONGEST = 100
"""Moves after which an episode is given up."""
BLOCK = 10


@knobs
class Knobs:
    gamma: float = knob(0.9, 0.05, 0.99, help="γ: what a reward is worth a move later")
    slip: float = knob(0.0, 0.0, 0.6, help="probability that a move goes off to one side")
    alpha: float = knob(0.3, 0.01, 1.0, live=True, help="α: how far an estimate moves towards what was seen")
    epsilon: float = knob(0.2, 0.0, 1.0, live=True, help="ε: share of random moves while learning")
    start_anywhere: bool = knob(False, help="begin each episode on a random square, not always at A")
    episodes: int = knob(600, 10, 5000, scale="log", help="episodes of learning")
    pace: int = knob(8, 0, 1000, live=True, help="sweeps, and tens of episodes, a second; 0: as fast as it goes")


def squares():
    """The free squares other than the goal, as (row, column), 21 of them."""
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


def show(lab, name, values, policy):
    """Values (5, 5) as shades, arrows and what is special as texts."""
    texts = [["wall" if (row, column) in WALLS else "goal" for column in range(SIZE)] for row in range(SIZE)]
    for row, column in squares():
        start = "A" if (row, column) == START else ""
        texts[row][column] = f"{start}{ARROWS[policy[row, column]]} {values[row, column]:.2f}"
    field = values.clone()
    field[tuple(zip(*WALLS, strict=True))], field[GOAL] = float("nan"), 1.0
    lab.field(name, field, texts=texts, low=-0.5, high=1)


def report(lab, name, policy):
    """State from how many squares ``policy`` leads to the goal, and how far it is from the start."""
    lab.results(
        **{
            f"{name}/squares that lead to the goal": sum(follow(policy, square) is not None for square in squares()),
            f"{name}/moves from the start": follow(policy, START) or 0,
        }
    )


def run(lab, k):
    plan(lab, k)
    learn(lab, k)


def plan(lab, k):
    """Value iteration: sweeps over all squares."""
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
        show(lab, "planned: best move and value", values, best_moves())
    report(lab, "planned", best_moves())
    lab.results(**{"planned/value of the start": values[START]})


def learn(lab, k):
    """Q-learning: episodes of trial and correction."""
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
        show(lab, "learned: best move and its Q", q.max(2).values, best_moves())
    report(lab, "learned", best_moves())
    lab.results(**{"learned/value of the start": q[START].max()})


def target(reward, gamma, q_next, ended):
    """What Q-learning moves its estimate towards, after one move.

    reward: of the move; q_next: estimates of the next square's four moves; ended: whether the episode is over.
    """
    return reward + gamma * max(q_next)


def target_solved(reward, gamma, q_next, ended):
    """What Q-learning moves its estimate towards, after one move.

    reward: of the move; q_next: estimates of the next square's four moves; ended: whether the episode is over.
    """
    return reward if ended else reward + gamma * max(q_next)


def check_target(target):
    """On the way, at the end, and in a corridor that it must learn to value rightly."""
    found = target(-0.04, 0.9, [0.1, 0.5, -0.2, 0.0], False)
    if not isinstance(found, (int, float)):
        raise Wrong(f"It returns a number; yours returns {type(found).__name__}.")
    if not abs(found - 0.41) <= 1e-9:
        raise Wrong(f"On the way, for estimates 0.1, 0.5, −0.2 and 0, it is −0.04 + 0.9·0.5 = 0.41; not {found:g}.")
    found = target(1.0, 0.9, [5.0, 0.0, 0.0, 0.0], True)
    if not abs(found - 1.0) <= 1e-9:
        raise Wrong(f"After the last move nothing follows: it is the reward, 1, whatever the estimates; not {found:g}.")
    q = [[0.0] * 4 for _ in range(4)]
    for _ in range(200):
        for place in range(3):
            ended = place == 2
            q[place][0] += 0.5 * (target(float(ended), 0.9, q[0 if ended else place + 1], ended) - q[place][0])
    if not abs(q[0][0] - 0.81) <= 1e-3:
        raise Wrong(f"Three moves before a reward of 1 the value is 0.9² = 0.81; with yours it is {q[0][0]:.3g}.")


def agreement(result):
    """Whether learning values the start less than planning does (0), within 0.05 alike (1), or more (2)."""
    difference = result.last("learned/value of the start") - result.last("planned/value of the start")
    return 1 if abs(difference) <= 0.05 else 2 * int(difference > 0)


def all_squares(result):
    """Arrows that lead to the goal from everywhere, learned with a reasonable number of episodes."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["episodes"] > 600:
        raise Wrong("With more episodes it is no art; use at most 600.")
    reached = int(result.last("learned/squares that lead to the goal"))
    if reached < 21:
        raise Wrong(f"From {reached} of 21 squares the learned arrows lead to the goal.")


LESSON = Lesson(
    covers=("J01",),
    run=run,
    knobs=Knobs,
    minutes=12,
    smoke={"episodes": 50},
    predictions=(
        Prediction(
            "From how many of the 21 free squares will the learned arrows lead to the goal?",
            truth=lambda r: r.last("learned/squares that lead to the goal"),
            why="Squares off the usual way are tried seldom, so their arrows stay as they began. Starting anywhere, or "
            "trying more, reaches them all.",
            within=0.05,
        ),
        Prediction(
            "Planning knows that the start A is worth some value. What will learning, which never saw the map, say?",
            choices=("clearly less", "within 0.05 of it", "clearly more"),
            truth=agreement,
            why="Without slipping the same: along the way it takes, learning finds the true value. With slips its last "
            "few surprises still show, as α stays what it is.",
        ),
    ),
    claims=(
        Claim(
            "Planned arrows lead to the goal from all 21 free squares",
            measure=lambda r: r.run.last("planned/squares that lead to the goal"),
            exactly=21,
            runs={"run": {"episodes": 10}},
        ),
        Claim(
            "Learned arrows take the shortest way from the start: 4 moves",
            measure=lambda r: r.run.last("learned/moves from the start"),
            exactly=4,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "… but seldom from everywhere: in nine runs of ten or more, from fewer than 21 squares",
            measure=lambda r: r.run.last("learned/squares that lead to the goal"),
            above=8,
            below=21,
            seeds=tuple(range(10)),
            needed=9,
        ),
        Claim(
            "Without slipping, learning finds the value of the start that planning computed",
            measure=lambda r: abs(r.run.last("learned/value of the start") - r.run.last("planned/value of the start")),
            below=0.01,
            seeds=(0, 1, 2, 3, 4),
        ),
    ),
    quiz=(
        Question(
            "Value iteration and Q-learning use almost the same formula. What does only the first one need?",
            ("A reward", "The probabilities of what a move leads to", "A discount γ"),
            1,
            "It averages over all outcomes. Q-learning takes the one that happened, and averages by doing it often.",
        ),
        Question(
            "Without slipping, the goal is 4 moves away, each costs 0.04, γ = 0.9. What is the value of the start?",
            ("1 − 3·0.04 = 0.88", "−0.04·(1 + 0.9 + 0.81) + 0.729 ≈ 0.62", "0.9⁴ ≈ 0.66"),
            1,
            "Three moves cost, the fourth earns 1; what comes n moves later counts 0.9ⁿ.",
        ),
        Question(
            "With ε = 0 the agent always takes the move that looks best. What may go wrong?",
            (
                "It never learns anything",
                "It keeps to the first way that works and never tries most others",
                "Values grow without bound",
            ),
            1,
            "All estimates begin at 0 and costs make tried moves look worse, so it does try a little; then it settles.",
        ),
    ),
    exercises=(
        Exercise(
            "Make learning find arrows that lead to the goal from all 21 squares, with at most 600 episodes.",
            check=all_squares,
            solution={"start_anywhere": True},
            hints=(
                "Which squares have wrong arrows? How often did the agent stand there?",
                "It must get there more often: by trying more, or by starting there.",
            ),
        ),
        CodeExercise(
            "This target of Q-learning counts on a future after the end. Mend it.",
            starter=target,
            solution=target_solved,
            check=check_target,
            hints=("What can still be earned once the episode has ended?",),
        ),
    ),
    sources=(
        "R. Sutton, A. Barto: Reinforcement Learning, 2nd edition, MIT Press 2018, chapters 4 and 6",
        "C. Watkins, P. Dayan: Q-learning, Machine Learning 8 (1992)",
        "R. Bellman: Dynamic Programming, Princeton 1957",
    ),
)
