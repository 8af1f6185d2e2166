"""What every method that shows a picture stands on: whether one is taken at this step, and where it goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from descend.engine.run.records import Picture

Method = TypeVar("Method", bound=Callable[..., None])


def takes_picture(method: Method) -> Method:
    """``method`` takes a picture, named by its first argument: not where that would be too soon after the last one."""

    @wraps(method)
    def take_when_due(self: PictureBase, *given: Any, **named: Any) -> None:
        if self._should_take(method.__name__, given[0] if given else named.get("name")):
            method(self, *given, **named)

    return cast(Method, take_when_due)


class PictureBase(ABC):
    """What the methods of `Pictures` need of the lab."""

    step: int

    @abstractmethod
    def _should_take(self, kind: str, name: str | None) -> bool:
        """Whether to take a picture at this step."""

    @abstractmethod
    def _show(self, key: str, make: Callable[[], Picture]) -> None:
        """Draw what ``make`` returns, called in another thread, if a picture ``key`` is due; else if it is the last."""

    @abstractmethod
    def _is_due(self, key: str) -> bool:
        """Whether a picture ``key`` may be drawn now."""

    @abstractmethod
    def _are_layers_due(self) -> bool:
        """Whether the step after this one is to be shown layer by layer."""

    @abstractmethod
    def _draw(self, make: Callable[[], Picture]) -> None:
        """Draw what ``make`` returns, called in another thread."""
