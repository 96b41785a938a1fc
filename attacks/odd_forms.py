"""Forms that are wrong: no boundary, a strange one, parts without names, thousands of them, letters of other kinds.

They are refused (400, 415, 422) before a file is looked at. A form is written in UTF-8: one that says otherwise is
refused, as its letters could be anything, halves of letters among them.
"""

from against import Answer, Service, main

_KIND = "multipart/form-data"
_PATHS = ("/v1/analyses", "/v1/feelings", "/v1/songs/imports", "/predict")
_TEXT = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800 ..\xff\r\n'
_FILE = b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nabc\r\n'
_CHARSETS = (
    "undefined",
    "punycode",
    "idna",
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-16",
    "zlib",
    "os",
    "x" * 3_000,
)
_PARTS = (
    b"",
    b"--x",
    b"--x--\r\n",
    b"--x\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
    b"--x\r\nContent-Disposition: \r\n\r\na\r\n--x--",
    b"--x\r\nContent-Disposition: form-data; name*=utf-8''%ff%fe; filename*=x''%zz\r\n\r\na\r\n--x--",
    b"--x\r\n\x00: b\r\n\r\na\r\n--x--",
    b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 5_000 + b'"\r\n\r\na\r\n--x--',
    b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--',
    (_TEXT + _FILE) * 2_000 + b"--x--",
)


def attack(service: Service) -> str:
    """Send each everywhere."""

    def sent(path: str, body: bytes, kind: str) -> Answer:
        return service.ask("POST", path, body, Content_Type=kind)

    told = ""
    for path in _PATHS:
        for part in _PARTS:
            sent(path, part, f"{_KIND}; boundary=x").refused(400, 422)
        for boundary in ("", "; boundary=", f"; boundary={'b' * 5_000}", "; boundary=y", "; boundary=x; boundary=y"):
            sent(path, _FILE + b"--x--", f"{_KIND}{boundary}").refused(400, 422)
        for charset in _CHARSETS:
            for name in ("charset", "CHARSET"):
                told = sent(path, _TEXT + _FILE + b"--x--", f"{_KIND}; boundary=x; {name}={charset}").refused(415)
        sent(path, _TEXT + _FILE + b"--x--", f"{_KIND}; boundary=x; charset*=utf-8''undefined").refused(415, 422)
        sent(path, b"file=a&text=so+sad", "application/x-www-form-urlencoded").refused(415, 422)
        sent(path, _FILE + b"--x--", "multipart/mixed; boundary=x").refused(415, 422)
    return told


if __name__ == "__main__":
    main(attack)
