"""Quick enough to play with; the bounds leave room, because a test must not fail when others work on the machine."""

import pytest

SLACK = 4


@pytest.fixture(scope="module")
def speed(benchmark):
    return benchmark("speed")


def test_a_three_minute_song_for_a_full_band_is_composed_at_once(speed):
    told = speed.measured(speed.COMPOSE)
    assert 165 < told["length"] < 200
    assert told["parts"] == 11
    assert told["seconds"] < 1.0 * SLACK
    assert told["memory"] < 400


def test_rendering_is_many_times_faster_than_listening_and_fits_into_memory(speed):
    told = speed.measured(speed.RENDER)
    assert told["speed"] > 60 / SLACK
    assert told["memory"] < 400


def test_the_command_has_written_its_file_before_one_waits(speed, tmp_path):
    target = tmp_path / "x.mid"
    told = speed.measured(speed.COMMAND, str(target))
    assert target.is_file()
    assert told["process"] < 2.0 * SLACK
    assert told["memory"] < 400
