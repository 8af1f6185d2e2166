"""CIFAR-10, in the version that is made for programs in C: plain bytes; or where torchvision has left its own."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, cast

from descend.datasets import cifar_pickle
from descend.datasets.dataset import Dataset
from descend.datasets.download import download
from descend.datasets.idx import DamagedFile
from descend.datasets.spec import Progress, Spec
from descend.engine.base import paths
from descend.engine.base.errors import DescendError
from descend.engine.base.files import open_replacement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "cifar-10-batches-bin"
"""The folder in the archive, and in the data folder."""
TORCHVISION = "cifar-10-batches-py"
"""The folder that torchvision makes; it is used where it is and `FOLDER` is not."""


@dataclass(frozen=True, kw_only=True)
class Cifar(Spec):
    """Files of records: a byte with the label, then the red, the green and the blue pixels, row by row.

    Attributes:
        url: where the archive is published.
        md5: its checksum.
    """

    url: str
    md5: str
    embedded: ClassVar[bool] = False

    def folder(self) -> Path:
        """Where its files belong."""
        return paths.data_home() / FOLDER

    def sizes(self) -> dict[str, int]:
        """Number of records in each file."""
        batch = self.train_size // 5
        return {**{f"data_batch_{number}.bin": batch for number in range(1, 6)}, "test_batch.bin": self.test_size}

    def record(self) -> int:
        """Bytes of a record."""
        height, width, channels = self.sample_shape
        return 1 + height * width * channels

    def missing(self) -> list[str]:
        """The files that are not there."""
        return [name for name in self.sizes() if not os.path.isfile(self.folder() / name)]

    def where(self) -> Path | None:
        if not self.missing():
            return self.folder()
        theirs = self.folder().with_name(TORCHVISION)
        return theirs if all(os.path.isfile(theirs / name.removesuffix(".bin")) for name in self.sizes()) else None

    def present(self) -> bool:
        if (folder := self.where()) is None:
            return False
        theirs = folder != self.folder()  # pickled with a little around the pixels
        for name, count in self.sizes().items():
            size = os.path.getsize(folder / (name.removesuffix(".bin") if theirs else name))
            if size < count * self.record() or (size > count * self.record() and not theirs):
                return False
        return True

    def missing_message(self) -> str:
        folder = self.folder()
        lacks = f"{folder} lacks {', '.join(self.missing())}" if folder.is_dir() else f"there is no folder {folder}"
        return (
            f"{self.title} is not on this machine ({lacks}); `descend data fetch {self.name}` gets it, and the dataset "
            "'shapes-32' needs no network, nor does 'digits'."
        )

    def load(self) -> Dataset:
        import numpy as np

        self.require()
        records = [self.read(name) for name in self.sizes()]
        (train_x, train_y), (test_x, test_y) = map(self.parted, (np.concatenate(records[:-1]), records[-1]))
        return Dataset(self.name, self.classes, train_x, train_y, test_x, test_y, scale=255)

    def read(self, name: str) -> NDArray[np.uint8]:
        """The records of one file, uint8, (n, bytes of a record).

        Raises:
            Damaged: it does not hold what it should.
            DescendError: it cannot be read.
        """
        import numpy as np

        remedy = f"run `descend data fetch {self.name}` to replace it"
        count, size = self.sizes()[name], self.record()
        if (folder := self.require()) != self.folder():
            file = folder / name.removesuffix(".bin")
            records = cifar_pickle.read_batch(file, count, size - 1, remedy)
        else:
            file = folder / name
            try:
                content = np.fromfile(file, np.uint8)
            except OSError as error:
                raise DescendError(
                    f"{file} cannot be read ({error.strerror}); make it readable, or {remedy}."
                ) from None
            if content.size != count * size:
                raise DamagedFile(f"{file} is damaged ({content.size:,} bytes instead of {count * size:,}); {remedy}.")
            records = content.reshape(count, size)
        if (label := int(records[:, 0].max())) >= len(self.classes):
            raise DamagedFile(f"{file} is damaged (it has a label {label} for {len(self.classes)} classes); {remedy}.")
        return records

    def parted(self, records: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Images (n, height, width, channels) and labels (n,)."""
        import numpy as np

        height, width, channels = self.sample_shape
        planes = records[:, 1:].reshape(-1, channels, height, width)
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].astype(np.int64)

    def sound(self, name: str) -> bool:
        """Whether one file is here and holds what it should."""
        try:
            self.read(name)
        except DescendError:
            return False
        return True

    def fetch(self, progress: Progress) -> None:
        """Download the archive if a file is not here or is damaged, check it, take the files out and remove it.

        Raises:
            DescendError: the data folder cannot be written, or the file with the checksum was not delivered.
        """
        if all(map(self.sound, self.sizes())):
            for name in self.sizes():
                progress(name, size := self.sizes()[name] * self.record(), size)
            return
        folder = paths.make_writable(self.folder(), "DESCEND_DATA")
        archive = folder.parent / self.url.rpartition("/")[2]
        if not archive.is_file() or self.checksum(archive) != self.md5:
            download([self.url], archive, self.md5, functools.partial(progress, archive.name))
        self.unpack(archive)
        archive.unlink(missing_ok=True)

    def checksum(self, file: Path) -> str:
        """The MD5 of ``file``."""
        import hashlib

        with open(file, "rb") as stream:
            return hashlib.file_digest(stream, functools.partial(hashlib.md5, usedforsecurity=False)).hexdigest()

    def unpack(self, archive: Path) -> None:
        """Take the six files out of ``archive``, each whole or not at all; nothing else is taken out.

        Raises:
            DescendError: one is not in it, or cannot be stored.
        """
        import shutil
        import tarfile
        import zlib

        missing = set(self.sizes())
        try:
            with tarfile.open(archive, "r:gz") as packed:
                for member in packed:
                    folder, _, name = member.name.rpartition("/")
                    if folder != FOLDER or name not in missing or not member.isfile():
                        continue
                    stream = cast(IO[bytes], packed.extractfile(member))
                    with open_replacement(self.folder() / name) as new:
                        shutil.copyfileobj(stream, new)
                    missing.remove(name)
        except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
            raise DescendError(
                f"{archive} cannot be unpacked ({getattr(error, 'strerror', None) or error}); make room, or set "
                "DESCEND_DATA to another folder."
            ) from None
        if missing:
            raise DescendError(f"{archive} does not hold {', '.join(sorted(missing))}; remove it and fetch again.")


DATASETS = (
    Cifar(
        name="cifar-10",
        title="CIFAR-10",
        description=(
            "60,000 photographs of 32 × 32 colour pixels, of ten kinds of animals and vehicles; small, varied and hard."
        ),
        sample_shape=(32, 32, 3),
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        train_size=50_000,
        test_size=10_000,
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        md5="c32a1d4ab5d03f1284b67883e8d87530",
    ),
)
"""Source: A. Krizhevsky: Learning multiple layers of features from tiny images, 2009."""
