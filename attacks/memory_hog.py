"""A MIDI file of the largest size that is taken, full of notes.

More bytes than a song may have are refused unread; a song full of notes ends by the limits of memory and time, in a
process of its own, and the service does not notice.
"""

import midi
from against import Service, holds, main

_SONG = 8 * 2**20 - 100  # bytes; the most that a song may have
_NOTE = b"\x00\x3c\x40\x01\x3c\x00"  # begins and ends, as six bytes


def attack(service: Service) -> str:
    """Send one too large and one just small enough, to be heard and to be brought along."""
    most = service.most("/v1/analyses") - 1_000
    told = {}
    for size in {most, min(most, _SONG)}:
        data = midi.file([midi.note(60, 1), b"\x00\x90\x3c\x40", _NOTE * (size // len(_NOTE) - 10)])
        for path in ("/v1/analyses", "/v1/songs/imports"):
            answer = service.file(path, data, "a.mid")
            holds(answer.status in {200, 201, 422, 504}, f"{size} bytes to {path}: {answer.told}")
            told[path, size] = answer.told
            if answer.status == 201:
                service.ask("DELETE", answer.headers["location"])
            service.well()
    return told["/v1/analyses", most]


if __name__ == "__main__":
    main(attack)
