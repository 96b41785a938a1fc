import json

import numpy as np
import pytest

from kelly.errors import CorpusError, MissingCorpusError
from kelly.training.data.corpora import jsb
from small import jsb as small


def test_a_chorale_is_steps_of_four_voices(tmp_path):
    small.write(tmp_path)
    chorales = list(jsb.load(tmp_path))
    assert [(chorale.id, chorale.split) for chorale in chorales] == [
        *(("train-0", "train"), ("train-1", "train"), ("train-2", "train"), ("valid-0", "dev"), ("test-0", "test"))
    ]
    assert chorales[0].voices.tolist() == small.CHORALE
    assert chorales[0].voices[-1, jsb.VOICES.index("bass")] == jsb.SILENT
    assert chorales[0].group == "train-0"


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_a_file_with_one_split_will_do(tmp_path, split):
    place = small.write(tmp_path, splits=(split,))
    assert {chorale.split for chorale in jsb.load(place)} == {{"valid": "dev"}.get(split, split)}


def test_silence_may_be_written_as_not_a_number(tmp_path):
    place = small.write(tmp_path)
    (place / "Jsb16thSeparated.json").write_text('{"test": [[[74, 70, 65, NaN], [74, 70, 65, 58]]]}')
    assert next(jsb.load(place)).voices[:, 3].tolist() == [-1, 58]


@pytest.mark.parametrize(
    ("chorales", "told"),
    [
        ({}, "train, valid or test"),
        ([], "train, valid or test"),
        ({"train": 3}, "list of chorales"),
        ({"train": [[[60, 62]]]}, "four pitches"),
        ({"train": [[[60, 62, 64, 67], [60]]]}, "four pitches"),
        ({"train": [[]]}, "four pitches"),
        ({"train": [[["a", "b", "c", "d"]]]}, "four pitches"),
        ({"train": [[[60, 62, 64, 128]]]}, "whole numbers"),
        ({"train": [[[60, 62, 64, 60.5]]]}, "whole numbers"),
    ],
)
def test_what_is_no_chorale_is_named(tmp_path, chorales, told):
    place = small.write(tmp_path)
    (place / "Jsb16thSeparated.json").write_text(json.dumps(chorales))
    with pytest.raises(CorpusError, match=rf"Jsb16thSeparated\.json.*{told}"):
        list(jsb.load(place))


def test_a_missing_corpus_says_what_is_expected(tmp_path):
    with pytest.raises(MissingCorpusError, match=r"Jsb16thSeparated\.json"):
        list(jsb.load(tmp_path))


def test_the_voices_are_small_numbers(tmp_path):
    small.write(tmp_path)
    assert next(jsb.load(tmp_path)).voices.dtype == np.int16
