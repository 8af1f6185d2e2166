"""What to do about an error that a model's own code raised, judged by its message."""

from __future__ import annotations

import re

ELSEWHERE = re.compile(
    r"NVIDIA driver|CUDA driver version|no CUDA-capable device"
    r"|not compiled with CUDA|CUDA GPUs are available|deserialize object on a CUDA|invalid device ordinal"
    r"|on the same device|linked with support for \w+ devices|MPS backend|torch\.(cuda|mps)\.\w*Tensor"
    r"|different from other tensors on|HIP GPUs|XPU|not compiled with XPU",
)
DOUBLE = re.compile(r"expected (scalar type|m1 and m2 to have the same dtype)|dtype mismatch|same dtype|DoubleTensor")


def suggest_remedy(error: BaseException) -> str:
    """A sentence on what to change; empty if the message is unknown."""
    said = str(error)
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return "A model must not end the process; remove that, or raise an error that says what is wrong."
    if ELSEWHERE.search(said):
        return (
            "descend moves the model and its samples itself, to where --device says: leave out .cuda(), .to('cuda') "
            "and device='cuda', register tensors that must move as buffers, and make new tensors with device=x.device."
        )
    if DOUBLE.search(said):
        return "Samples and weights are float32 here; what comes from NumPy is float64: say .float() where it is made."
    if "inplace operation" in said or ("leaf V" in said and "in-place" in said):
        return "An operation in place, such as x += y, overwrote what the gradient needs; write x = x + y."
    if "a second time" in said:
        return "Something is kept from the step before, such as a hidden state; detach it, or create it again."
    if "finished reduction in the prior iteration" in said:
        return (
            "Some parameters take part in some steps only, which several processes cannot follow: let each get a "
            "gradient at every step, if of zero, or train on one device."
        )
    if "incorrect number of gradients" in said:
        return "Its backward must return a value for each argument of forward after ctx, None for no gradient."
    if "ScriptModule" in said:
        return "Name the module as it is before torch.jit scripts it."
    return ""
