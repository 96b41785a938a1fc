"""Files that are not what they are called: an archive, a page, a program and a picture, named as sound or as music.

What a file is called counts for nothing; by its bytes it is none of the kinds that are read, and it is not unpacked.
"""

import io
import zipfile

from against import Service, main


def attack(service: Service) -> str:
    """Send each, as sound and as music."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.wav", bytes(20_000_000))
    files = (
        packed.getvalue(),
        b"<html><script>alert(1)</script></html>",
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"#!/bin/sh\ntouch gotcha\n",
        b"RIFF\x04\x00\x00\x00AVI ",
    )
    told = [service.file("/v1/analyses", data, "song.wav").refused(415, 422) for data in files]
    for data in files:
        service.file("/v1/songs/imports", data, "song.mid").refused(415, 422)
    return told[0]


if __name__ == "__main__":
    main(attack)
