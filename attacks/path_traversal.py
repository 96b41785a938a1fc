"""Ids, forms, names of files and hosts that climb out of the folder.

Files are found by an id of 24 hexadecimal digits alone, in a table; a name that a caller gave never becomes a path.
"""

from against import Service, holds, main

_UP = ("../" * 8, "..%2f" * 8, "%2e%2e/" * 8, "..%252f" * 8, "..\\" * 8, "..%5c" * 8, "/", "%2f", "....//" * 8)
_NAMES = ("../../../../tmp/gotcha.wav", "/tmp/gotcha.wav", "..\\gotcha.wav", "C:\\gotcha.wav", "a\\x00.wav", ".", "")


def attack(service: Service) -> str:
    """Ask for what is not there to be asked for."""
    told = ""
    for up in _UP:
        for path in (
            f"/v1/songs/{up}etc/passwd",
            f"/v1/songs/{'0' * 24}.{up}etc/passwd",
            f"/v1/jobs/{up}etc/passwd",
            f"/{up}etc/passwd",
        ):
            answer = service.ask("GET", path)
            told = answer.refused(400, 404, 405, 422)
            holds(b"root:" not in answer.body, "it gave the file")
    for form in ("mid%00.svg", "wav%0d%0aX-Evil:%201", "svg;a=b", "MID", "py", "db"):
        answer = service.ask("GET", f"/v1/songs/{'0' * 24}.{form}")
        answer.refused(404, 422)
        holds("x-evil" not in answer.headers, "a form became a header")
    for name in _NAMES:
        service.file("/v1/analyses", b"no sound", name).refused(400, 422)
        service.file("/v1/songs/imports", b"no music", name).refused(400, 422)
    service.raw(b"GET /healthz HTTP/1.1\r\nHost: ../../etc/passwd\r\n\r\n").refused(421)
    return told


if __name__ == "__main__":
    main(attack)
