"""NumPy arrays and numbers as they stand in records, and whether arrays fit together."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A step, or how many there are."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Length = Annotated[int, msgspec.Meta(ge=0, le=2**24)]
Setting = bool | Whole | float | str
"""A knob's value."""


_NOT_YET = bytes.fromhex("000000000000fc7f")
NOT_YET: float = struct.unpack("<d", _NOT_YET)[0]
"""Stands for a number that is not computed yet: a NaN of its own, as R's NA is, so that a true NaN is told apart.

Copies, arithmetic and a conversion to float32 and back keep it."""


def is_not_yet(value: float) -> bool:
    """Whether ``value`` is `NOT_YET`."""
    return value != value and struct.pack("<d", value) == _NOT_YET


def find_not_yet(values: np.ndarray) -> np.ndarray:
    """Which of ``values``, any shape, are `NOT_YET`."""
    import numpy as np

    if values.dtype.kind != "f":
        return np.zeros(values.shape, bool)
    found: np.ndarray = values.astype("<f8").view("<u8") == int.from_bytes(_NOT_YET, "little")
    return found


class Array(msgspec.Struct, array_like=True):
    """A NumPy array of at most a few hundred thousand numbers: little-endian bytes, base64 in JSON."""

    dtype: Literal["f4", "f8", "u1", "i4", "i8"]
    shape: tuple[Length, ...]
    data: bytes

    @classmethod
    def of(cls, values: np.ndarray) -> Array:
        """Pack ``values`` without losing a bit: float64 becomes float32 only where that is exact."""
        import numpy as np

        values = np.asarray(values)
        if values.dtype == np.float64:
            with np.errstate(over="ignore"):
                narrow = values.astype(np.float32)
            if np.array_equal(narrow, values, equal_nan=True):
                values = narrow
        elif values.dtype.kind in "bui" and values.dtype != np.uint8:
            small = values.size == 0 or (values.min() >= -(2**31) and values.max() < 2**31)
            values = values.astype(np.int32 if small else np.int64)
        elif values.dtype.kind == "f" and values.dtype != np.float32:
            values = values.astype(np.float32)
        code = f"{values.dtype.kind}{values.dtype.itemsize}"
        return cls(code, values.shape, values.astype(f"<{code}", copy=False).tobytes())  # type: ignore[arg-type]

    def numpy(self) -> np.ndarray:
        """The values as a read-only array.

        Raises:
            ValueError: ``data`` does not hold ``shape`` numbers (a damaged file).
        """
        import numpy as np

        values = np.frombuffer(self.data, f"<{self.dtype}").reshape(self.shape)
        if not values.size and self.shape[0]:
            raise ValueError("an array of nothing has no first axis")
        return values


def require_shape(shape: tuple[int, ...], *arrays: Array | None) -> None:
    """Raise ValueError unless each of ``arrays`` that is there has this shape."""
    for array in arrays:
        if array is not None and array.numpy().shape != shape:
            raise ValueError(f"an array of shape {shape} is needed, not {array.shape}")


def require_sizes(count: int, *arrays: Array | None) -> None:
    """Raise ValueError unless each of ``arrays`` that is there has ``count`` numbers, in one row."""
    require_shape((count,), *arrays)


def require_pairs(*arrays: Array) -> None:
    """Raise ValueError unless each of ``arrays`` holds places (m, 2)."""
    for array in arrays:
        if array.numpy().shape[1:] != (2,):
            raise ValueError(f"places are (n, 2), not {array.shape}")


def require_indices(array: Array, count: int) -> None:
    """Raise ValueError unless ``array`` holds whole numbers from 0 to ``count`` - 1."""
    values = array.numpy()
    if values.dtype.kind not in "iu" or (values.size and not (values.min() >= 0 and values.max() < count)):
        raise ValueError(f"indices are whole numbers below {count}")
