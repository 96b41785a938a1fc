"""Files that grow: days of silence as FLAC, hours as Opus, many minutes as MP3, and a request's body that is packed.

The service decodes no more than `sound` seconds of a recording, in a process of its own, and refuses what is longer. It
unpacks no bodies: one that is packed is no JSON.
"""

import gzip

import sounds
from against import Service, main

HOUR = 3600.0


def attack(service: Service) -> str:
    """Send each."""
    bombs = {"a.flac": sounds.flac(100 * HOUR), "a.mp3": sounds.mp3(HOUR / 3), "a.ogg": sounds.ogg(2 * HOUR)}
    told = [service.file("/v1/analyses", data, name).refused(422) for name, data in bombs.items()]
    packed = gzip.compress(b'{"text": "' + b"sad " * 5_000_000 + b'"}')
    fields = {"Content_Type": "application/json", "Content_Encoding": "gzip"}
    service.ask("POST", "/v1/feelings", packed, **fields).refused(400, 415, 422)
    return told[0]


if __name__ == "__main__":
    main(attack)
