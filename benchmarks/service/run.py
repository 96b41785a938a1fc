"""Measure how many readings a second the service gives, how fast each endpoint is, and whether it stays so.

Prints what stands in README.md beside this script: capacity of the feelings endpoint with texts that were never read
before, what happens at twice of that, and each endpoint's time with one caller and at half load. With `--soak MINUTES`
it keeps half load up for so long and watches memory. Service and callers share the machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import httpx2
import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from caller import Answered, called, posted
from results import asked, publish, table, verdict

import kelly
from kelly.score import midi

WORDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()
LONG = 20  # words of a text
PROMISED, BOUND = 100, 0.1  # readings a second; seconds of the slowest hundredth


def main() -> None:
    """Measure, and print."""
    parser = asked(__doc__, seconds=20)
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="keep half load up for so long")
    given = parser.parse_args()
    with served() as (process, url):
        if given.soak:
            publish(__file__, soak(process, url, given.soak), None)
            return
        limit, rows = capacity(url, given.seconds)
        text = f"Readings of {LONG} words each, no text twice; times in ms from when a request was due.\n\n"
        head = ("offered / s", "answered / s", "p50", "p99", "told to wait", "their p99")
        text += table(head, rows) + f"\nCapacity: {limit:.0f} a second at a p99 below {1000 * BOUND:.0f} ms "
        text += f"(promised {PROMISED}: {verdict(met=limit >= PROMISED)}).\n\n" + by_wrk(url, given.seconds)
        text += table(
            ("endpoint", "alone p50", "alone p99", "half load p50", "half load p99"), latencies(url, limit / 2)
        )
    publish(__file__, text, given.keep)


@contextmanager
def served() -> Iterator[tuple[int, str]]:
    """A service of its own, and its process id and address."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [
            Path(sys.executable).with_name("kelly"),
            "serve",
            "--port",
            "0",
            "--folder",
            folder,
            "--log",
            "error",
        ]
        with log.open("wb") as errors:
            process = subprocess.Popen(command, stderr=errors)  # noqa: S603 - our own command
        try:
            while not (found := re.search(r"http://\S+", log.read_text())):
                time.sleep(0.1)
            while httpx2.get(f"{found[0]}/readyz").status_code != 200:
                time.sleep(0.2)
            yield process.pid, found[0]
        finally:
            process.terminate()
            process.wait(60)


def reading(seed: int, number: int) -> bytes:
    """A request for a reading that nobody made before."""
    return posted("/v1/feelings", json.dumps({"text": text_of(seed, number)}).encode())


def text_of(seed: int, number: int) -> str:
    """Words by chance."""
    return " ".join(np.random.default_rng([seed, number]).choice(WORDS, LONG))


def load(url: str, rate: float, seconds: float, seed: int) -> list[Answered]:
    """So many readings a second, from a process of their own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(called, url, partial(reading, seed), rate, seconds).result()


def capacity(url: str, seconds: float) -> tuple[float, list[Sequence[object]]]:
    """The most readings a second that are answered in time, none told to wait but one in a hundred; and the table."""
    load(url, 20, 3, 0)
    rows, best, rate = [], 0.0, float(PROMISED)
    while True:
        answers = load(url, rate, seconds, round(rate))
        rows.append(row(rate, answers, seconds))
        good = [one for one in answers if one.status == 200]
        if len(good) < 0.99 * len(answers) or quantile(good, 0.99) > BOUND:
            break
        best, rate = rate, rate * 1.15
    best = best or PROMISED / 2
    rows.append(row(2 * best, load(url, 2 * best, seconds, 1), seconds))
    return best, rows


def row(rate: float, answers: Sequence[Answered], seconds: float) -> Sequence[object]:
    """What is told of a load."""
    good = [one for one in answers if one.status == 200]
    told = [one for one in answers if one.status == 429]
    if len(good) + len(told) < len(answers):
        raise SystemExit(f"answers other than 200 and 429: {sorted({one.status for one in answers})}")
    waited = f"{len(told) / len(answers):.1%}"
    return (
        f"{rate:.0f}",
        f"{len(good) / seconds:.0f}",
        1000 * quantile(good, 0.5),
        1000 * quantile(good, 0.99),
        waited,
        1000 * quantile(told, 0.99) if told else "",
    )


def quantile(answers: Sequence[Answered], share: float) -> float:
    """The time within which a share of the answers was there, in seconds."""
    times = sorted(one.seconds for one in answers)
    return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def by_wrk(url: str, seconds: float) -> str:
    """What wrk says of the same requests, where it is installed: a caller that waits for each answer."""
    tool = shutil.which("wrk")
    if tool is None:
        return "wrk is not installed.\n\n"
    script = "\n".join(
        [
            f"words = {{{', '.join(json.dumps(word) for word in WORDS)}}}",
            "math.randomseed(7)",
            'wrk.method = "POST"',
            'wrk.headers["Content-Type"] = "application/json"',
            "request = function()",
            "  local text = {}",
            f"  for i = 1, {LONG} do text[i] = words[math.random(#words)] end",
            """  return wrk.format(nil, nil, nil, '{"text": "' .. table.concat(text, " ") .. '"}')""",
            "end",
        ]
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [tool, "-t1", "-c4", f"-d{seconds:.0f}s", "--latency", "-s", file.name, f"{url}/v1/feelings"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    rate = re.search(r"Requests/sec:\s+(\S+)", said)
    slow = re.search(r"99%\s+(\S+)", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    refused = f", {failed[1]} of them told to wait" if failed else ""
    return f"wrk, four connections: {rate[1] if rate else '?'} a second{refused}, p99 {slow[1] if slow else '?'}.\n\n"


def latencies(url: str, half: float) -> Iterator[Sequence[object]]:
    """The time of each endpoint with one caller, and while others ask for readings at half of the capacity."""
    with httpx2.Client(base_url=url, timeout=120) as client:
        alone = {name: times(work, count) for name, count, work in endpoints(client, 0)}
        with ThreadPoolExecutor(1) as pool:
            for name, count, work in endpoints(client, 1):
                length = 3 + 3 * sum(alone[name])
                others = pool.submit(load, url, half, length, 3)
                time.sleep(1.5)  # until they call
                busy = times(work, count)
                others.result()
                yield name, *(1000 * part for row in (alone[name], busy) for part in middle(row))


def endpoints(client: httpx2.Client, seed: int) -> Iterator[tuple[str, int, Callable[[int], httpx2.Response]]]:
    """Each endpoint: its name, how often it is asked, and what is asked."""
    song = kelly.compose("I miss you so much", bars=16, seed=seed)
    data = midi.to_bytes(song.score)
    wave = kelly.render(song)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, wave.samples.T[: 10 * wave.rate], wave.rate)
        sound = Path(file.name).read_bytes()
    there = client.post("/v1/songs/imports", files={"file": data}).json()["id"]

    def text(number: int) -> httpx2.Response:
        return client.post("/v1/feelings", json={"text": text_of(1000 + seed, number)})

    def job(path: str, body: Callable[[int], dict[str, object]], number: int) -> httpx2.Response:
        answer = client.post(path, json=body(number))
        with client.stream("GET", answer.json()["links"]["events"]) as events:
            events.read()
        return answer

    def analysed(path: str, number: int) -> httpx2.Response:
        return client.post(path, files={"file": sound + bytes([seed, number % 256, number // 256])})

    def wished(number: int) -> dict[str, object]:
        return {"feeling": {"emotion": "grief"}, "bars": 16, "seed": 1000 * seed + number}

    yield "POST /v1/feelings, 20 words", 200, text
    yield "POST /v1/songs, 16 bars, until it is there", 30, partial(job, "/v1/songs", wished)
    varied = partial(job, f"/v1/songs/{there}/variations", lambda n: {"kind": "vary", "part": "melody", "seed": n})
    yield "POST /v1/songs/{id}/variations, a melody, until it is there", 10, varied
    yield "POST /v1/analyses, 10 s of music", 10, partial(analysed, "/v1/analyses")
    yield "POST /predict, 10 s of music", 10, partial(analysed, "/predict")
    for form, count in (("mid", 200), ("wav", 20), ("svg", 20), ("musicxml", 20)):
        yield f"GET /v1/songs/{{id}}.{form}, again", count, lambda _, form=form: client.get(f"/v1/songs/{there}.{form}")
    for path in ("/v1/songs", "/v1/emotions", "/v1/models", "/health", "/readyz", "/metrics"):
        yield f"GET {path}", 100, lambda _, path=path: client.get(path)


def times(work: Callable[[int], httpx2.Response], count: int) -> list[float]:
    """How long each of some requests takes, after one that is not counted; in seconds."""
    found = []
    for number in range(count + 1):
        began = time.perf_counter()
        answer = work(number)
        found.append(time.perf_counter() - began)
        answer.raise_for_status()
    return found[1:]


def middle(found: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return statistics.median(found), sorted(found)[min(len(found) - 1, int(0.99 * len(found)))]


def soak(process: int, url: str, minutes: float) -> str:
    """Half load and a song every two seconds, for so many minutes: what the service's processes hold."""
    begun, rows, number = time.monotonic(), [], 0
    with httpx2.Client(base_url=url, timeout=60) as client:
        while (passed := (time.monotonic() - begun) / 60) < minutes:
            for _ in range(15):
                wanted = {"feeling": {"emotion": "joy"}, "bars": 8, "seed": number}
                client.post("/v1/songs", json=wanted).raise_for_status()
                answers = load(url, PROMISED / 2, 2, number)
                number += 1
                if any(one.status not in {200, 429} for one in answers):
                    raise SystemExit("a request was not answered")
            rows.append((f"{passed:.1f}", memory(process) / 2**20))
            print(*rows[-1], flush=True)
    return table(("minutes", "MiB, all processes"), rows)


def memory(process: int) -> int:
    """Bytes that a process and those below it hold for themselves."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    own = next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return own + sum(memory(int(child)) for child in children if Path(f"/proc/{child}").exists())


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
