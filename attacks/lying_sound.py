"""Sounds whose headers lie: of their length, their rate, their channels, and what they are.

What is there is read, and no memory is taken for what is not; a header that claims more than may be heard is refused.
"""

import json
import struct

import sounds
from against import Service, holds, main

_SILENCE = bytes(32_000)  # a second


def attack(service: Service) -> str:
    """Send each."""
    for longer in (sounds.wav(_SILENCE, claimed=2**32 - 40), sounds.ogg(31, claimed=400_000.0)):
        heard = service.file("/v1/analyses", longer)
        holds(
            heard.status == 422 or json.loads(heard.body)["seconds"] < 32, f"more is heard than is there: {heard.told}"
        )
    bare = sounds.wav(_SILENCE)
    lies = {
        "claims days": sounds.flac(8.2, claimed=400_000.0),
        "no rate": sounds.wav(_SILENCE, rate=0),
        "four thousand million frames a second": bare[:24] + struct.pack("<I", 2**32 - 1) + bare[28:],
        "sixty thousand channels": bare[:22] + struct.pack("<H", 60_000) + bare[24:],
        "no channels": bare[:22] + bytes(2) + bare[24:],
        "no bits": bare[:34] + bytes(2) + bare[36:],
        "only a header": bare[:44],
        "half a header": bare[:30],
        "a chunk that has no end": bare[:36] + b"LIST" + struct.pack("<I", 2**32 - 1) + bare[36:],
    }
    told = {lie: service.file("/v1/analyses", data).refused(422) for lie, data in lies.items()}
    return told["claims days"]


if __name__ == "__main__":
    main(attack)
