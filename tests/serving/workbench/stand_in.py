"""Stands in for `kelly train` and `kelly data check` where the service starts them: it leaves the same files behind and
says the same lines, as fast as the test allows it by files in the folder of the corpora.

`allowed`: how many epochs it may end by now; `fails`: what it complains of, and ends; `deaf`: it does not end when it
is told to; `answer` and `slow`: what the check says, and that it takes forever.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import yaml


def train(name, *rest):
    told = dict(zip(rest[::2], rest[1::2], strict=True))
    root, run = Path(told["--data"]), Path(told["--out"])
    about = {"nice": os.nice(0), "leads": os.getsid(0) == os.getpid(), "token": os.environ.get("KELLY_TOKEN"), **told}
    (root / "about.json").write_text(json.dumps(about))
    if (root / "fails").exists():
        sys.stderr.write((root / "fails").read_text())
        return 1
    if (root / "deaf").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("cannot hear")
    recipe = yaml.safe_load(Path(told["--config"]).read_text())["recipe"] if "--config" in told else {"epochs": 3}
    made_from = {"network": name, "seed": int(told["--seed"]), "data": "0" * 64, "begin": str(root), **recipe}
    (run / "run.json").write_text(json.dumps(made_from))
    for epoch in range(1, recipe["epochs"] + 1):
        learned(run, root, epoch, recipe["epochs"])
    (run / "weights.safetensors").write_bytes(b"weights")
    return 0


def learned(run, root, epoch, epochs):
    table = run / "metrics.csv"
    rows = table.read_text().splitlines() if table.exists() else ["epoch,loss,dev_loss"]
    if len(rows) > epoch:  # it goes on
        return
    while (root / "allowed").exists() and int((root / "allowed").read_text() or 0) < epoch:
        if (root / "fails").exists():
            sys.exit((root / "fails").read_text())
        time.sleep(0.02)
    beside = run / "beside.csv"
    beside.write_text("\n".join([*rows, f"{epoch},{8 / epoch:g},{9 / epoch:g}", ""]))
    beside.replace(table)
    say(f"epoch {epoch} of {epochs}: loss {8 / epoch:.4f}, dev loss {9 / epoch:.4f}")


def check(root, *_):
    place = Path(root)
    while (place / "slow").exists():
        time.sleep(0.02)
    if (place / "fails").exists():
        sys.stderr.write((place / "fails").read_text())
        return 1
    sys.stdout.write((place / "answer").read_text())
    return 0


def say(line):
    sys.stderr.write(f"kelly: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    sys.exit(train(*arguments) if verb == "train" else check(*arguments[1:]))
