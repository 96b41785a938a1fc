"""The card of the word model says what its files and tables say."""

import csv
import json
from importlib import resources

import pytest

FOLDER = resources.files("kelly.models.words")
CARD = FOLDER.joinpath("card.md").read_text(encoding="utf-8")
HEADS = ("EmoBank", "word norms", "V-reg", "what the teachers made of the lexicon")


def test_the_card_shows_every_map_of_the_scale():
    config = json.loads(FOLDER.joinpath("config.json").read_text(encoding="utf-8"))
    rows = [line for line in CARD.splitlines() if "→" in line]
    maps = [knots for axes in config["scale"].values() for knots in axes]
    assert len(rows) == len(maps)
    for row, (x, y) in zip(rows, maps, strict=True):
        assert ", ".join(f"{one:.2f}→{other:.2f}" for one, other in zip(x, y, strict=True)) in row


def test_the_card_shows_every_label_with_its_names():
    table = resources.files("kelly.training.tasks").joinpath("tables/labels.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        (line,) = [
            line for line in CARD.splitlines() if line.startswith(f"| {SHOWN[row['corpus']]} | {row['label']} |")
        ]
        assert f"{row['name']} {row['weight']}" in line


SHOWN = {"goemotions": "GoEmotions", "semeval": "E-c"}


@pytest.mark.parametrize("word", ["EmoBank", "SemEval-2018", "GoEmotions", "Warriner", "not to be sold", "Limits"])
def test_the_card_names_data_licence_and_limits(word):
    assert word in CARD
