"""CIFAR's files as torchvision keeps them: Python pickles, of which only plain data is let through."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets.idx import DamagedFile
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PlainUnpickler(pickle.Unpickler):
    """Makes numbers, text, lists, dictionaries and NumPy's arrays, and refuses to name anything else."""

    def find_class(self, module: str, name: str) -> Any:
        import codecs

        import numpy as np

        if (module, name) == ("_codecs", "encode"):
            return codecs.encode
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def read_batch(file: Path, count: int, pixels: int, remedy: str) -> NDArray[np.uint8]:
    """Records of a label and ``pixels`` bytes, (count, 1 + pixels), of a file with b"labels" and b"data".

    Raises:
        Damaged: it holds something else; nothing in it was executed.
        DescendError: it cannot be read.
    """
    import numpy as np

    try:
        content = PlainUnpickler(io.BytesIO(file.read_bytes()), encoding="bytes").load()
        data, labels = content[b"data"], np.array(content[b"labels"])
        if data.dtype != np.uint8 or data.shape != (count, pixels) or labels.shape != (count,):
            raise ValueError(f"{data.shape} values for {labels.shape} labels")
        if labels.dtype.kind != "i" or labels.min() < 0 or labels.max() > 255:
            raise ValueError("values that are not labels")
        return np.column_stack([labels.astype(np.uint8), data])
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror}); make it readable, or {remedy}.") from None
    except Exception as error:  # a made-up pickle can fail in any way
        raise DamagedFile(f"{file} is damaged ({type(error).__name__}); {remedy}.") from None
