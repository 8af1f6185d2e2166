"""`descend serve`: a training behind HTTP, asked as other programs ask it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.engine.train.test_predict import pictures, table
from tests.engine.train.trained import trained
from tests.terminal import descend

from descend.engine import load
from descend.engine.cli import main
from descend.engine.cli.serve import listen
from descend.engine.run.runs import Run

pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")

ROW = {"size": 51, "colour": "red", "weight": 0.0004}


class Client:
    """Asks a server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"content-type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if "json" in answer.getheader("content-type", "") else text

    def predict(self, rows: Any) -> tuple[int, Any]:
        return self.ask("POST", "/predict", json.dumps({"rows": rows}).encode())


@contextlib.contextmanager
def serving(run: Run, rows: int = 1000, size: int = 100_000) -> Iterator[Client]:
    """The application in this process."""
    from descend.engine.serving.app import make_app

    app = make_app(load(run.id), run.id, rows, size)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Client(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=2)


def test_rows_are_predicted_as_load_predicts_them(run: Run) -> None:
    rows = [ROW, {"size": None, "colour": "pink", "weight": "0.0001", "more": [1]}]
    with serving(run) as client:
        status, said = client.predict(rows)
        assert status == 200
        expected = load(run.id).predict([{name: row.get(name) for name in ROW} for row in rows])
        assert [one["prediction"] for one in said["predictions"]] == [one["prediction"] for one in expected]
        assert said["predictions"][0]["probability"] == pytest.approx(expected[0]["probability"])
        assert "1 row without 'size'" in " ".join(said["notes"])
        assert "'pink' in 'colour'" in " ".join(said["notes"])
        status, health = client.ask("GET", "/health")
        assert (status, health["status"], health["run"]) == (200, "ok", run.id)
        _, schema = client.ask("GET", "/openapi.json")
        fields = schema["components"]["schemas"]["Row"]["properties"]
        assert set(fields) == set(ROW)
        assert {"type": "number"} in fields["size"]["anyOf"]
        assert "red" in fields["colour"]["description"]
        assert client.ask("GET", "/docs")[0] == 200


def test_numbers_come_in_the_target_s_unit(tmp_path: Path) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=price&ignore=kind", epochs=4)
    with serving(run) as client:
        status, said = client.predict([ROW])
    assert status == 200
    [expected] = load(run.id).predict([ROW])
    assert said["predictions"] == [{"price": pytest.approx(expected["price"])}]


def test_pictures_come_in_base64(tmp_path: Path) -> None:
    place = pictures(tmp_path)
    run = trained("mlp", str(place), epochs=3)
    file = place / "dark" / "3.png"
    wide = io.BytesIO()
    Image.fromarray(np.full((30, 40, 3), 90, np.uint8)).save(wide, "JPEG")
    given = [{"image": base64.b64encode(content).decode()} for content in (file.read_bytes(), wide.getvalue())]
    with serving(run) as client:
        status, said = client.predict(given)
        assert status == 200
        [expected] = load(run.id).predict([file])
        assert said["predictions"][0]["probability"] == pytest.approx(expected["probability"], abs=1e-6)
        for wrong in ("§", base64.b64encode(b"no picture").decode(), ""):
            status, said = client.predict([{"image": wrong}])
            assert status == 422, wrong
            assert "tmp" not in json.dumps(said)


def test_a_thousand_malformed_requests_are_each_refused_and_it_serves_on(run: Run) -> None:
    chance = random.Random(0)
    values = [
        None,
        1,
        -1e308,
        1e40,
        "x",
        "",
        "\x1b[31m",
        True,
        [],
        {},
        [[]],
        "9" * 400,
        {"size": 1},
        2**70,
        "NaN",
        "é" * 9,
    ]
    good = json.dumps({"rows": [ROW]}).encode()
    with serving(run, rows=5, size=5000) as client:
        for number in range(1000):
            if number % 3 == 0:
                row = {name: chance.choice(values) for name in ROW if chance.random() < 0.9}
                body = json.dumps({"rows": [row] * chance.choice([0, 1, 2, 6])}).encode()
            elif number % 3 == 1:
                cut = bytearray(good)
                for _ in range(chance.randint(1, 4)):
                    cut[chance.randrange(len(cut))] = chance.randrange(256)
                body = bytes(cut)
            else:
                body = chance.choice(
                    [
                        b"",
                        b"[]",
                        b"null",
                        b"{}",
                        good[:-3],
                        b"9" * 6000,
                        b"[" * 2000,
                        json.dumps({"rows": ROW}).encode(),
                    ]
                )
            status, said = client.ask("POST", "/predict", body)
            assert status in (200, 413, 422), (body[:200], status, said)
            assert status == 200 or said["detail"]
            assert "\x1b" not in json.dumps(said, ensure_ascii=False)
        assert client.predict([ROW])[0] == 200
        assert client.predict([ROW] * 6)[0] == 422
        assert client.ask("POST", "/predict", b" " * 6000 + good)[0] == 413
        assert client.ask("GET", "/nothing")[0] == 404


def test_what_is_nested_too_deeply_is_refused_like_all_that_is_wrong(run: Run) -> None:
    with serving(run) as client:
        for body in (b"[" * 90_000, b'{"rows":' + b"[" * 50_000, b'{"a":' * 15_000):
            status, said = client.ask("POST", "/predict", body)
            assert status == 422
            assert said["detail"]
        assert client.predict([ROW])[0] == 200


def test_a_number_is_no_truth_value(run: Run) -> None:
    with serving(run) as client:
        for wrong in (True, False, "1_000", "five", [51]):
            status, said = client.predict([{**ROW, "size": wrong}])
            assert status == 422, wrong
            assert "size" in json.dumps(said)
        status, said = client.predict([{**ROW, "size": 3.4e38}])
        assert "'3.4e+38' in 'size', far from all" in " ".join(said["notes"]) or status == 422


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_first_half(run: Run) -> None:
    """As it does, 40 ms, where the socket joins small packets."""
    with serving(run) as client:
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        waits = []
        for _ in range(15):
            start = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            waits.append(time.perf_counter() - start)
        connection.close()
    assert sorted(waits)[3] < 0.03


def test_several_ask_at_once(run: Run) -> None:
    statuses: list[int] = []
    with serving(run) as client:
        threads = [threading.Thread(target=lambda: statuses.append(client.predict([ROW] * 50)[0])) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 24


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_is_reached_and_ends_when_told(run: Run, how: signal.Signals) -> None:
    process = subprocess.Popen(
        descend("serve", run.id, "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    where = process.stdout.readline()
    assert "Only this machine reaches it." in process.stdout.readline()
    assert Client(int(where.split(":")[2].split(",")[0])).predict([ROW])[0] == 200
    process.send_signal(how)
    assert process.wait(60) == 0
    assert "Stopped after 1 request" in process.stdout.read()


def test_what_cannot_be_served_is_a_sentence(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", run.id, "--port", str(taken.getsockname()[1])]) == 1
    assert "Cannot listen at 127.0.0.1" in capsys.readouterr().err
    assert main(["serve", run.id, "--port", "99999"]) == 2
    assert main(["serve", run.id, "--rows", "0"]) == 2
    assert main(["serve", "nothing"]) == 2
    (tmp_path / "book.txt").write_text("a b c d e f g " * 60)
    text = trained("gru", str(tmp_path / "book.txt"), epochs=1)
    assert main(["serve", text.id]) == 2
    assert "continue or repeat" in capsys.readouterr().err
