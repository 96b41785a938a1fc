"""The report as files: whole, readable by any parser, and nothing in it that a corpus could have smuggled in."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from kelly.errors import FileError
from kelly.training.evaluation import classes, windows
from kelly.training.evaluation.bootstrap import Estimate
from kelly.training.evaluation.markup import VOID, Markup, element
from kelly.training.evaluation.measuring import About, classified, rated
from kelly.training.evaluation.page import page, write
from kelly.training.evaluation.results import Number, Report, Steadiness, Task, Timeline, plain
from kelly.training.evaluation.tables import figure, numbers, span
from kelly.training.evaluation.targets import judged

EVIL = '<script>alert("x")</script> & $\\frac{1}{0}$ \'>'


class Reader(HTMLParser):
    """What a browser would see: the tags with their attributes, their texts, and whether every one is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.texts = [], set(), [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.add(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told[name] for name in ("href", "xlink:href", "src") if name in told]
        assert not [name for name in told if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def speech(title="speech", names=("happy", "sad", "angry")):
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 60)
    told = 0.1 + 0.7 * np.eye(3)[np.where(rng.random(60) < 0.7, gold, rng.integers(0, 3, 60))]
    about = About(title, "dev", np.arange(60) // 5, "actor", title, {"macro F1": 0.9}, {title: np.arange(60) % 2}, 20)
    beside = {f"constant {title}": classes.constant([1, 1, 1], 60)}
    return classified(about, names, gold, told, beside, rng, folds=np.arange(60) // 5 % 3)


def pieces(title="pieces", axes=("valence", "dominance")):
    rng = np.random.default_rng(0)
    gold = rng.normal(0, 1, (30, 2))
    task = rated(About(title, "dev", draws=20), axes, gold, gold / 2, {"ridge": gold * 0}, rng, derived=axes[1:])
    seconds = np.arange(20) / 2
    told = {axes[0]: np.sin(seconds)}
    steady = windows.consistency(np.arange(30) // 3, gold, np.arange(30) % 2)
    return replace(
        task,
        timelines=(Timeline(title, seconds, told, told),),
        steadiness=Steadiness(axes, steady),
    )


def report(title="A report", facts=None, tasks=None):
    verdicts = judged({"accuracy": 0.7, "latency": 23.0}, {"ece": 0.01}, {"linear": {"accuracy": 0.4}})
    return Report(title, facts or {"Model": "tiny"}, [speech(), pieces()] if tasks is None else tasks, verdicts)


@pytest.fixture(scope="module")
def shown():
    return page(report())


def test_both_files_are_written_into_a_folder_that_is_made(tmp_path):
    write(report(tasks=[]), tmp_path / "new" / "report")
    assert {file.name for file in (tmp_path / "new/report").iterdir()} == {"metrics.json", "index.html"}


def test_the_json_holds_every_number_and_nothing_that_json_does_not_know():
    told = report().as_dict()
    again = json.loads(json.dumps(told, allow_nan=False))
    assert again["schema"] == 1
    macro = again["tasks"][0]["numbers"][2]
    assert macro["name"] == "macro F1"
    assert macro["ours"]["low"] <= macro["ours"]["value"] <= macro["ours"]["high"]
    assert macro["reached"] is False
    assert set(macro["beside"]) == {"constant speech"}
    assert again["verdicts"][0]["words"] == "met"
    assert again["summary"][1].startswith("Met by a constant already: expected")
    assert len(again["tasks"][1]["axes"][0]["gold"]) == 30


def test_what_is_not_finite_is_null():
    told = plain({"a": np.array([1.0, np.nan]), 2: (float("inf"), np.float32(0.5), np.int64(3), np.bool_(1), None)})
    assert told == {"a": [1.0, None], "2": [None, 0.5, 3, True, None]}


def test_the_page_needs_no_network_and_no_script(shown):
    seen = Reader(shown)
    assert not seen.tags & {"script", "link", "img", "iframe", "object"}
    assert all(link.startswith("#") for link in seen.links)
    assert "@import" not in shown
    assert not re.findall(r"url\((?!#)", shown)
    assert "prefers-color-scheme: dark" in shown


def test_no_two_elements_share_an_id_and_every_link_has_its_place(shown):
    seen = Reader(shown)
    assert len(seen.ids) == len(set(seen.ids))
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", shown)) <= set(seen.ids)


def test_every_number_and_picture_is_on_the_page(shown):
    texts = Reader(shown).texts
    for words in (
        "unweighted accuracy",
        "valence: CCC",
        "Derived, not rated",
        "after scaling",
        "change, window to window",
    ):
        assert words in texts
    assert shown.count("<figure>") == 4 + 1 + 1 + 1  # classes; valence; its timeline; dominance
    assert "var(--one)" in shown
    assert "#00000" not in shown


def test_the_same_report_is_the_same_page():
    one, other = (page(report(tasks=[replace(pieces(), axes=())])) for _ in range(2))
    assert one == other


def test_no_text_of_a_report_becomes_part_of_the_page():
    tasks = [speech(EVIL, (EVIL, "<b>", "$x$")), pieces(EVIL, ("<i>", EVIL))]
    seen = Reader(page(report(EVIL, {EVIL: EVIL}, tasks)))
    assert not seen.tags & {"script", "b", "i"}
    assert "".join(seen.texts).count(EVIL) > 10


def test_letters_that_no_file_can_hold_do_not_stop_the_report(tmp_path):
    write(report("half a letter \ud800", tasks=[speech("日本 \ud800")]), tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_an_empty_report_is_a_page_too():
    seen = Reader(page(Report("Nothing", {}, [])))
    assert "Nothing" in seen.texts


def test_a_task_without_pictures_or_intervals_is_shown():
    task = Task("small", "test", 1, "actor", 1, (Number("accuracy", Estimate(1.0), {"constant": Estimate(0.0)}),))
    seen = Reader(page(Report("One", {}, [task])))
    assert "test split, 1 items of 1 actor." in seen.texts
    assert ": accuracy 1.000; constant 0.000" in "".join(seen.texts)


def test_few_units_are_warned_of():
    task = replace(speech(), units=12, numbers=(), classes=None, calibrated=None)
    assert "Intervals over so few actors are too narrow." in page(Report("One", {}, [task]))


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot make the folder"):
        write(report(tasks=[]), tmp_path / "file" / "report")
    with pytest.raises(FileError, match="cannot make the folder"):
        write(report(tasks=[]), tmp_path / "file")


@pytest.mark.parametrize(
    ("value", "signed", "written"),
    [
        (0.5, False, "0.500"),
        (-0.25, False, "−0.250"),
        (-0.0001, False, "0.000"),
        (0.25, True, "+0.250"),
        (None, False, "–"),
    ],
)
def test_numbers_are_printed_as_a_printer_would(value, signed, written):
    assert figure(value, signed=signed) == written


def test_an_interval_that_is_not_there_is_not_printed():
    assert span(Estimate(0.5)) == ""
    assert span(Estimate(0.5, -0.1, 0.6)) == "−0.100 to 0.600"


@pytest.mark.parametrize(
    ("apart", "lower", "colour"),
    [
        (Estimate(0.2, 0.1, 0.3), False, "gain"),
        (Estimate(0.2, 0.1, 0.3), True, "loss"),
        (Estimate(-0.2, -0.3, -0.1), True, "gain"),
        (Estimate(-0.2, -0.3, -0.1), False, "loss"),
        (Estimate(0.2, -0.1, 0.3), False, None),
        (Estimate(0.2), False, None),
    ],
)
def test_only_a_sure_difference_is_coloured(apart, lower, colour):
    told = numbers([Number("x", Estimate(0.5), {"constant": Estimate(0.3)}, {"constant": apart}, lower)])
    assert re.findall(r'class="(gain|loss)"', told) == ([colour] if colour else [])


def test_an_element_escapes_texts_and_attributes_and_keeps_markup():
    told = element("td", "<b>", 3, None, element("br"), Markup("&amp;"), class_='"x"', aria_label="a & b", id=None)
    assert told == '<td class="&quot;x&quot;" aria-label="a &amp; b">&lt;b&gt;3<br>&amp;</td>'
