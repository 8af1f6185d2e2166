"""Whether a model is judged by what it learned from, which flatters it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import image_table, user_path
from descend.datasets.listing import list_images
from descend.datasets.new_arrays import are_arrays
from descend.datasets.new_images import list_pictures
from descend.datasets.options import join_address, split_address
from descend.datasets.stamp import make_stamp
from descend.datasets.table_split import find_part
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.launch.changes import check_data

if TYPE_CHECKING:
    from descend.datasets.preparation import Preparation
    from descend.engine.run.manifest import Manifest
    from descend.engine.run.runs import Run


def tell_trained_on(run: Run, prepared: Preparation, place: Path, unit: str = "sample") -> str:
    """A sentence if ``place``, a file or folder that ``run`` is judged by, is data that it was trained on, or one of
    the files of that; else "".

    Args:
        prepared: how that data was prepared.
        unit: what is judged.
    """
    manifest = run.manifest()
    try:
        if manifest.stamp is None or not (is_same(manifest, place) or is_part(manifest, place, prepared.kind)):
            return ""
    except (OSError, DescendError):  # then it is not that data
        return ""
    whole = prepared.train > prepared.test and "limit" not in split_address(manifest.data)[1]
    return (
        f"{'Most' if whole else 'Some'} of these {unit}s were trained on, as {clean(place.name)} is data that "
        f"{clean(run.id)} learned from, so its figures flatter; without DATA it is measured on the part that was kept "
        "for the test."
    )


def is_same(manifest: Manifest, place: Path) -> bool:
    """Whether ``place`` holds what the run learned from, under whatever name."""
    options = split_address(manifest.data)[1]
    try:
        found = make_stamp(*user_path.list_files(join_address(str(place), options)))
    except (OSError, DescendError):
        return False
    return manifest.stamp is not None and found.digest == manifest.stamp.digest


def is_part(manifest: Manifest, place: Path, kind: str) -> bool:
    """Whether more than half of the files of ``place`` are among those that the run trained on, as they were."""
    if check_data(manifest) is not None:
        return False
    root, files = user_path.list_files(manifest.data)
    own = {file.resolve() for file in files}
    if kind == "image" and not are_arrays(place):
        options = split_address(manifest.data)[1]
        if not root.is_dir() or image_table.find_table(root, options):  # a table may say which are for the test
            return False
        said = user_path.read_options(root, "a folder of images", options)
        listed = list_images(root, said.limit, said.ignore)
        own -= {file.resolve() for file, is_test in zip(listed.files, listed.test or (), strict=False) if is_test}
        there = list_pictures(place)
    else:
        if kind != "image" and len(files) > 1:  # a table for each part
            own = {file for file in own if find_part(file.name.partition(".")[0]) == "train"}
        there = [place]
    return 2 * sum(file.resolve() in own for file in there) > len(there)
