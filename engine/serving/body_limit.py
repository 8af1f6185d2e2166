"""Refuses requests that are too large before they fill the memory."""

from __future__ import annotations

import json
from typing import Any


class BodyLimit:
    """ASGI middleware: answers 413 to a request of more than ``limit`` bytes, told beforehand or found when read."""

    def __init__(self, app: Any, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, whole."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        size, parts, more = int(told) if told.isdigit() else 0, [], True
        while more and size <= self.limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            size, more = max(size, sum(map(len, parts))), message.get("more_body", False)
        if size > self.limit:
            await refuse(send, f"The request is larger than {self.limit:,} bytes; send fewer rows at a time.")
            return
        body = iter([{"type": "http.request", "body": b"".join(parts), "more_body": False}])

        async def receive_again() -> Any:
            return next(body, None) or await receive()

        await self.app(scope, receive_again, send)


async def refuse(send: Any, sentence: str) -> None:
    """Answer 413."""
    content = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": content})
