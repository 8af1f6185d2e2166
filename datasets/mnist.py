"""MNIST and the sets made to take its place: the same sizes, the same four IDX files."""

from __future__ import annotations

import functools
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from descend.datasets import idx
from descend.datasets.dataset import Dataset
from descend.datasets.download import download
from descend.datasets.spec import Progress, Spec
from descend.engine.base import paths
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Mnist(Spec):
    """Four IDX files in ``<data folder>/<published>/raw``, where torchvision puts them, compressed or not.

    Loading checks their structure and no checksum, so that a set with an order or a split of its own can be used;
    fetching checks the published checksums.

    Attributes:
        published: the class in ``torchvision.datasets`` that says where it is published; also names its folder.
    """

    published: str
    embedded: ClassVar[bool] = False

    def folder(self) -> Path:
        """Where its files belong."""
        return paths.data_home() / self.published / "raw"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of the values in each file, by the file's name without ``.gz``."""
        return {
            "train-images-idx3-ubyte": (self.train_size, *self.sample_shape),
            "train-labels-idx1-ubyte": (self.train_size,),
            "t10k-images-idx3-ubyte": (self.test_size, *self.sample_shape),
            "t10k-labels-idx1-ubyte": (self.test_size,),
        }

    def file(self, name: str) -> Path:
        """The file called ``name``: the plain one if only that is there, else the compressed one, there or not."""
        # compressed first: it is what fetch writes, so that fetching again repairs a damaged plain one
        plain, compressed = self.folder() / name, self.folder() / f"{name}.gz"
        return plain if os.path.isfile(plain) and not os.path.isfile(compressed) else compressed

    def missing(self) -> list[Path]:
        """The files that are not there."""
        return [file for file in map(self.file, self.shapes()) if not os.path.isfile(file)]

    def where(self) -> Path | None:
        return None if self.missing() else self.folder()

    def present(self) -> bool:
        return self.where() is not None and all(map(self.whole, self.shapes()))

    def whole(self, name: str) -> bool:
        """Whether one file that is here is as long as it should be; one that cannot be read is left to `load`."""
        file, shape = self.file(name), self.shapes()[name]
        size = 4 + 4 * len(shape) + math.prod(shape)
        try:
            if file.suffix != ".gz":
                return file.stat().st_size == size
            with open(file, "rb") as stream:
                stream.seek(-4, os.SEEK_END)  # where gzip writes how long its content is
                return int.from_bytes(stream.read(4), "little") == size
        except PermissionError:
            return True
        except OSError:
            return False

    def missing_message(self) -> str:
        folder = self.folder()
        embedded = "the dataset 'digits' needs no network"
        try:
            os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            lacks = f"there is no folder {folder}"
        except OSError as error:
            return (
                f"{self.title} cannot be searched for in {folder} ({error.strerror}); make it readable or set "
                f"DESCEND_DATA to another folder, or take another dataset: {embedded}."
            )
        else:
            lacks = f"{folder} lacks {', '.join(file.name for file in self.missing())}"
        return (
            f"{self.title} is not on this machine ({lacks}); `descend data fetch {self.name}` gets it, and {embedded}."
        )

    def load(self) -> Dataset:
        self.require()
        train_x, train_y, test_x, test_y = (self.read(name) for name in self.shapes())
        return Dataset(
            self.name,
            self.classes,
            train_x,
            train_y.astype("int64"),
            test_x,
            test_y.astype("int64"),
            scale=255,
        )

    def read(self, name: str) -> NDArray[np.uint8]:
        """The values of one file, uint8, of the shape it should have.

        Raises:
            idx.Damaged: it does not hold what it should.
            DescendError: it cannot be read.
        """
        file, remedy = self.file(name), f"run `descend data fetch {self.name}` to replace it"
        values = idx.read_idx(file, self.shapes()[name], remedy)
        if values.ndim == 1 and (label := int(values.max())) >= len(self.classes):
            raise idx.DamagedFile(
                f"{file} is damaged (it has a label {label} for {len(self.classes)} classes); {remedy}."
            )
        return values

    def sound(self, name: str) -> bool:
        """Whether one file is here and holds what it should.

        Raises:
            DescendError: it is here and cannot be read.
        """
        if not os.path.isfile(self.file(name)):
            return False
        try:
            self.read(name)
        except idx.DamagedFile:
            return False
        return True

    def fetch(self, progress: Progress) -> None:
        """Download the files that are not here or are damaged.

        Raises:
            DescendError: the data folder cannot be written, or no mirror delivered a file with its checksum.
        """
        sound = {name: self.sound(name) for name in self.shapes()}
        if not all(sound.values()):
            folder = paths.make_writable(self.folder(), "DESCEND_DATA")
            source = self.source()
            checksums = dict(source.resources)
        for name, here in sound.items():
            if here:
                file = self.file(name)
                progress(file.name, size := file.stat().st_size, size)
            else:
                target = folder / f"{name}.gz"
                urls = [f"{mirror.rstrip('/')}/{target.name}" for mirror in source.mirrors]
                download(urls, target, checksums[target.name], functools.partial(progress, target.name))

    def source(self) -> Any:
        """The class in torchvision that knows mirrors and checksums.

        Raises:
            DescendError: torchvision cannot be imported.
        """
        try:
            from torchvision import datasets
        except Exception as error:  # a torchvision that does not fit torch fails in many ways
            raise DescendError(
                f"torchvision, which knows where {self.title} is published, cannot be imported "
                f"({type(error).__name__}); run `descend doctor`."
            ) from None
        return getattr(datasets, self.published)


DATASETS = (
    Mnist(
        name="mnist",
        title="MNIST",
        description="70,000 handwritten digits of 28 × 28 grey pixels, the classic first test of an image classifier.",
        sample_shape=(28, 28),
        classes=tuple("0123456789"),
        train_size=60_000,
        test_size=10_000,
        published="MNIST",
    ),
    Mnist(
        name="fashion-mnist",
        title="Fashion-MNIST",
        description=(
            "70,000 photographs of clothing from a shop's catalogue, 28 × 28 grey pixels, ten kinds. Made to replace "
            "MNIST where that has become too easy."
        ),
        sample_shape=(28, 28),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        train_size=60_000,
        test_size=10_000,
        published="FashionMNIST",
    ),
)
"""Sources: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, 1998;
H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017."""
