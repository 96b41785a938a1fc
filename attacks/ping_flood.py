"""Pings whose answers nobody reads, and a message in pieces that are empty and never end.

Who does not read is not heard any more, so that no answers pile up; a message comes in so many pieces at most (1009).
"""

import time

from against import Service, holds, main
from packed_frames import closed, frame, opened

_PING, _BYTES, _MORE, _WHOLE = 9, 2, 0, 0x80
_SECONDS = 3.0  # without a byte being taken
_LONGEST = 60.0
_PLENTY = 64 * 2**20  # bytes; more than lies between two programs


def attack(service: Service) -> str:
    """Send each."""
    code = closed(service, frame(_BYTES, b"abcd") + frame(_MORE, b"") * 5_000)
    holds(code == 1009, f"a message in five thousand pieces is closed with {code}")
    pings, sent, began = frame(_WHOLE | _PING, bytes(125)) * 500, 0, time.monotonic()
    with opened(service) as there:
        there.settimeout(_SECONDS)
        try:
            while sent < _PLENTY and time.monotonic() - began < _LONGEST:
                sent += there.send(pings)
        except OSError:  # it is not heard, or was cut off
            service.well()
            return f"{code}; not heard after {sent / 2**20:.0f} MiB of pings"
    holds(told=False, what=f"{sent:,} bytes of pings were heard, and no answer was read")
    return ""


if __name__ == "__main__":
    main(attack)
