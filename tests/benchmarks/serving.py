"""`descend serve` under load: a training on 10 columns, asked by several clients at once over connections that stay."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.benchmarks.stage import environment, percentile
from tests.terminal import descend


def ask(port: int, body: bytes, requests: int, waits: list[float], failed: list[int]) -> None:
    """Send ``requests`` one after the other; keep how long each took, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(requests):
        start = time.perf_counter()
        connection.request("POST", "/predict", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        waits.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            failed.append(answer.status)


def main() -> None:
    """Train, serve, ask, and print what it took."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=400, help="of each measurement")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as home:
        around = {**os.environ, **environment(Path(home))}
        command = descend("run", "mlp", "--data", "diabetes", "--set", "epochs=2", "--json")
        subprocess.run(command, env=around, capture_output=True, check=True)
        run = next((Path(home) / "runs").iterdir()).name
        columns = [
            one["name"] for one in json.loads((Path(home) / "runs" / run / "preparation.json").read_text())["encoders"]
        ]
        served = subprocess.Popen(descend("serve", run, "--port", "0"), env=around, stdout=subprocess.PIPE, text=True)
        assert served.stdout is not None
        port = int(re.search(r":(\d+),", served.stdout.readline())[1])  # type: ignore[index]
        for rows in (1, 100):
            body = json.dumps({"rows": [dict.fromkeys(columns, 1.5)] * rows}).encode()
            for clients in (1, 8, 32):
                waits: list[float] = []
                failed: list[int] = []
                each = max(1, chosen.requests // clients)
                threads = [threading.Thread(target=ask, args=(port, body, each, waits, failed)) for _ in range(clients)]
                start = time.perf_counter()
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                rate = len(waits) / (time.perf_counter() - start)
                half, most = statistics.median(waits), percentile(waits, 0.95)
                print(
                    f"{clients:3} clients, {rows:3} rows: {rate:6.0f} requests/s, p50 {half:6.1f} ms, "
                    f"p95 {most:6.1f} ms, {len(failed)} of {len(waits)} refused"
                )
        print(f"memory {psutil.Process(served.pid).memory_info().rss / 1e6:.0f} MB")
        served.terminate()
        served.wait(20)


if __name__ == "__main__":
    main()
