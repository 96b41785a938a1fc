"""The shelf: what is listed, and what is said of a folder that is damaged."""

import json
import re
from importlib import resources

import pytest

from kelly.models import shelf

WHOLE = {"licence": "CC0 1.0", "corpora": ["POP909"], "sha256": {"model.onnx": "0" * 64}}


def test_every_shipped_model_is_whole_and_says_its_licence():
    found = shelf.models()
    assert {"words", "symbolic", "harmony", "melody", "dynamics", "groove"} <= {one.name for one in found}
    assert all(one.licence and not one.damaged for one in found)


def test_every_card_names_licence_data_and_limits():
    for one in shelf.models():
        card = resources.files("kelly.models").joinpath(one.name, "card.md").read_text(encoding="utf-8")
        assert re.search(r"licence", card, re.IGNORECASE)
        assert "## Limits" in card
        known = {"the MIREX-like mood set": "MIREX-like mood set", "Warriner norms": "Warriner"}
        lacking = [corpus for corpus in one.corpora if known.get(corpus, corpus.split()[0]) not in card]
        assert not lacking, f"the card of {one.name} does not name {lacking}"


@pytest.mark.parametrize(
    "text", ['{"licence": ', "[]", json.dumps({"licence": "CC0"}), json.dumps({**WHOLE, "sha256": 3})]
)
def test_a_damaged_config_is_named_and_the_rest_is_listed(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert shelf._model(tmp_path).damaged == ("config.json",)


def test_a_file_that_is_missing_or_another_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(WHOLE))
    assert shelf._model(tmp_path).damaged == ("model.onnx",)
    (tmp_path / "model.onnx").write_bytes(b"another")
    assert shelf._model(tmp_path).damaged == ("model.onnx",)
