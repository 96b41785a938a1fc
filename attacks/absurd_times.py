"""MIDI files with times beyond all measure: notes that last for years, beats of no length, tempos of nothing.

A file that claims more than MIDI can hold is refused; what is merely long ends by the limits of time and memory.
"""

import midi
from against import Service, holds, main

_FAR = 0x0FFFFFFF


def attack(service: Service) -> str:
    """Send each, to be heard and to be brought along; what is taken is fetched as sound."""
    far = [midi.note(60, 480, wait=_FAR)] * 4
    files = {
        "years": midi.file([*far]),
        "years at the slowest tempo": midi.file([midi.tempo(0xFFFFFF), midi.note(60, _FAR), midi.note(62, 480)]),
        "no tempo": midi.file([midi.tempo(0), midi.note(60, 480)]),
        "a tick a beat": midi.file([midi.note(60, 1_000_000)], division=1),
        "frames of film": midi.file([midi.note(60, 480)], division=0x8080),
        "no division": midi.file([midi.note(60, 480)], division=0),
        "ten thousand tracks": midi.file([midi.note(60, 480)], tracks=10_000, claimed=65_535),
        "a chunk that has no end": midi.file([midi.note(60, 480)], length=2**32 - 1),
    }
    told = {}
    for name, data in files.items():
        heard = service.file("/v1/analyses", data, "a.mid")
        holds(heard.status in {200, 422, 504}, f"{name}: {heard.told}")
        told[name] = heard.told
        brought = service.file("/v1/songs/imports", data, "a.mid")
        holds(brought.status in {201, 422, 504}, f"{name}, brought along: {brought.told}")
        if brought.status == 201:
            _fetch(service, name, brought.headers["location"])
    return told["years"]


def _fetch(service: Service, name: str, place: str) -> None:
    for form in ("mid", "wav", "svg", "musicxml"):
        answer = service.ask("GET", f"{place}.{form}")
        holds(answer.status in {200, 422, 504}, f"{name}, as {form}: {answer.told}")
    service.ask("DELETE", place)


if __name__ == "__main__":
    main(attack)
