"""torch's compiler is imported when it is needed, and not by a first optimiser.

Each case needs a process in which nothing has imported the compiler yet. They are forked from one that has torch, so
that they begin at once; and all but one have a small compiler in place of torch's, which takes seconds to import.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases are forked")

START = """
import os, pathlib, sys, tempfile, traceback, threading, importlib, importlib.util, inspect, pickle
import torch
from torch import nn
from descend.engine.lab import private_names
from descend.engine.lab.private_names import COMPILER, CompilerStandIn, postpone_compiler

def step(kind=torch.optim.Adam, **options):
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    optimiser = kind(net.parameters(), lr=0.1, **options)
    for _ in range(3):
        optimiser.zero_grad()
        net(torch.ones(4, 3)).pow(2).sum().backward()
        optimiser.step()
    return optimiser, net

def make_small_compiler(folder):
    package = pathlib.Path(folder, "_dynamo")
    package.mkdir()
    (package / "__init__.py").write_text(SMALL)
    (package / "config.py").write_text("limit = 8\\n")
    (package / "eval_frame.py").write_text("frames = []\\n")
    torch.__path__.insert(0, folder)

def stands():
    return isinstance(sys.modules.get(COMPILER), CompilerStandIn) and "torch._dynamo.config" not in sys.modules
"""
SMALL = """
import sys
import time
if "torch._dynamo.config" in sys.modules:
    raise ImportError("imported twice")
from . import config
time.sleep(0.05)  # as an import that takes long, for threads

def disable(fn, recursive=True, wrapping=True):
    def disabled(*args, **kwargs):
        return fn(*args, **kwargs)
    return disabled

def graph_break():
    pass

def is_compiling():
    return False
"""
COMPILES = "an own model compiles, also with an optimiser from before"
CASES = {
    "no optimiser, schedule or checkpoint of activations needs it": """
        assert postpone_compiler() and postpone_compiler()
        for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad):
            optimiser, net = step(kind)
            torch.optim.lr_scheduler.StepLR(optimiser, 1).step()
            optimiser.load_state_dict(optimiser.state_dict())
        inspect.getmodule(inspect.currentframe())
        for module in list(sys.modules.values()):
            getattr(module, "__warningregistry__", None), getattr(module, "__file__", None)
        assert importlib.util.find_spec(COMPILER).origin == sys.modules[COMPILER].__file__
        assert stands()
    """,
    COMPILES: """
        postpone_compiler()
        optimiser, net = step()
        given = type(optimiser).zero_grad.__wrapped__
        assert vars(given)[private_names.DISABLED] is given
        def turn(x):
            return torch.sin(x) * 2
        held = sys.modules[COMPILER]
        traced = []
        def backend(graph, inputs):
            traced.append(graph)
            return graph.forward
        assert torch.equal(torch.compile(turn, backend=backend)(torch.ones(3)), turn(torch.ones(3)))
        assert traced
        assert not stands() and not isinstance(torch._dynamo, CompilerStandIn)
        assert private_names.DISABLED not in vars(given)
        assert held.config is torch._dynamo.config
        weights = [weight.clone() for weight in net.parameters()]
        optimiser.step()
        assert vars(type(optimiser).add_param_group.__wrapped__).get(private_names.DISABLED) is None
        assert not any(isinstance(finder, private_names._PartFinder) for finder in sys.meta_path)
        net.zero_grad()
        torch.compile(net, backend="eager")(torch.ones(4, 3)).sum().backward()
        torch.compile(optimiser.step, backend="eager")()
    """,
    "a part of it is imported once": """
        postpone_compiler()
        import torch._dynamo.config as config
        from torch._dynamo import eval_frame
        assert not isinstance(sys.modules[COMPILER], CompilerStandIn)
        assert config is torch._dynamo.config is sys.modules["torch._dynamo.config"]
        assert config.__spec__.loader is not None and config.__spec__.origin == config.__file__
        step()
    """,
    "a module that is no part of it is still not found": """
        postpone_compiler()
        try:
            import torch._dynamo.no_such_part
        except ModuleNotFoundError:
            assert not stands()
        else:
            raise AssertionError
    """,
    "what a user's model asks for is the real one": """
        postpone_compiler()
        step()
        from torch._dynamo import disable, graph_break
        real = sys.modules[COMPILER]
        assert not isinstance(real, CompilerStandIn)
        assert disable is real.disable and graph_break is real.graph_break
    """,
    "what is set in it is set in the real one": """
        postpone_compiler()
        held = sys.modules[COMPILER]
        held.own = 7
        assert not stands() and torch._dynamo.own == 7 == held.own
        del held.own
        assert not hasattr(torch._dynamo, "own") and "disable" in dir(held)
    """,
    "threads that ask at once all get it": """
        postpone_compiler()
        found, wrong = [], []
        def ask():
            try:
                found.append(torch._dynamo.config)
                step()
            except BaseException as error:
                wrong.append(error)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not wrong and len(found) == 4 and all(each is torch._dynamo.config for each in found)
    """,
    "optimisers do to the bit what they do without": """
        postpone_compiler()
        with_stand_in = [step(kind)[1].state_dict() for kind in (torch.optim.SGD, torch.optim.AdamW)]
        assert stands()
        torch._dynamo.config
        without = [step(kind)[1].state_dict() for kind in (torch.optim.SGD, torch.optim.AdamW)]
        for one, other in zip(with_stand_in, without):
            assert all(torch.equal(one[name], other[name]) for name in one)
    """,
    "where torch no longer asks in the known way there is none": """
        import torch._compile
        del torch._disable_dynamo
        assert not postpone_compiler()
        assert COMPILER not in sys.modules and "_dynamo" not in vars(torch)
        assert not any(isinstance(finder, private_names._PartFinder) for finder in sys.meta_path)
    """,
    "where torch keeps the leave elsewhere there is none": """
        def ask(function):
            return function
        torch._disable_dynamo = ask
        assert not postpone_compiler() and COMPILER not in sys.modules
    """,
    "where there is no compiler there is none": """
        path, torch.__path__ = torch.__path__, []
        assert not postpone_compiler() and COMPILER not in sys.modules
        torch.__path__ = path
    """,
    "an optimiser that asks it for more gets the real one": """
        import torch.optim.optimizer as home
        postpone_compiler()
        exec("import torch._dynamo\\ndef ask(): return torch._dynamo.is_compiling()", vars(home))
        assert home.ask() is False
        assert not stands() and not isinstance(torch._dynamo, CompilerStandIn)
    """,
    "where it is imported already it stays": """
        import torch._dynamo
        real = sys.modules[COMPILER]
        assert not postpone_compiler() and sys.modules[COMPILER] is real
    """,
}
RUN = """
failed = False
for name, case in CASES.items():
    child = os.fork()
    if not child:
        try:
            if name != COMPILES:
                make_small_compiler(tempfile.mkdtemp(dir=FOLDER))
            exec(compile(case, name, "exec"), globals())
        except BaseException:
            print("FAILED", name, flush=True)
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    failed |= os.waitpid(child, 0)[1] != 0
sys.stdout.flush()
os._exit(failed)
"""


def test_the_compiler_is_there_for_whoever_needs_it_and_for_nobody_else(tmp_path: Path) -> None:
    cases = {name: textwrap.dedent(case) for name, case in CASES.items()}
    given = f"CASES, COMPILES, SMALL, FOLDER = {cases!r}, {COMPILES!r}, {SMALL!r}, {str(tmp_path)!r}"
    words = [sys.executable, "-c", f"{START}\n{given}\n{RUN}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
