"""`kelly models`: what it lists, and that one bad file does not keep the others from being checked."""

from importlib import resources

SHIPPED = resources.files("kelly.models")


def test_models_are_listed_with_size_and_licence(kelly):
    done = kelly("models")
    assert (done.code, done.err) == (0, "")
    assert "groove  0.2 MB  CC BY 4.0 (Groove MIDI Dataset)\n" in done.out


def test_every_file_is_checked_and_each_bad_one_named(kelly, tmp_path):
    for name in ("first", "last"):
        (tmp_path / f"{name}.json").write_text("{}")
    done = kelly("models", "check", "first.json", SHIPPED / "groove/rtneural.json", "last.json")
    assert done.code == 1
    assert "GroovePredictor (groove) as RTNeural JSON, 18,656 numbers" in done.out
    assert ["first.json" in line or "last.json" in line for line in done.err.splitlines()] == [True, True]
    told = kelly("models", "check", SHIPPED / "groove/rtneural.json", "last.json", "--json")
    assert "none of the six" in kelly("models", "check", SHIPPED / "symbolic/model.onnx").err
    assert (told.code, [one["network"] for one in told.json["files"]]) == (1, ["groove"])
