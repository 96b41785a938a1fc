"""JSON that parsers disagree on: no numbers, numbers without end, halves of letters, NUL, names that stand twice.

None is taken for something else: what is no finite number or no readable text is refused. Of a name that stands twice
the last counts, as in Python's own reader, and there is only one reader.
"""

from against import Service, holds, main

_SONG = '{"feeling": {"emotion": "grief"}, "bars": 4, %s}'


def attack(service: Service) -> str:
    """Send each."""
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000, "1e30", "0x10", "01", "1_0", "+1"):
        for name in ("tempo", "seed", "humanise"):
            told = service.json("/v1/songs", _SONG % f'"{name}": {value}').refused(400, 422)
    for text in (r"\ud800", r"\udfff sad", r"sad\u0000", r"\u0000", r"\ud83d\ud83d"):
        service.json("/v1/feelings", f'{{"text": "{text}"}}').refused(400, 422)
        service.json("/v1/songs", f'{{"feeling": {{"text": "{text}"}}}}').refused(400, 422)
        service.json("/v1/songs", f'{{"feeling": {{"emotion": "{text}"}}}}').refused(400, 422)
        service.json("/v1/songs", _SONG % f'"{text}": 1').refused(400, 422)
        service.json("/v1/songs", f'{{"feeling": {{"intent": {{"title": "{text}"}}}}}}').refused(400, 422)
    for data in (b'{"text": "\xff\xfe"}', b'{"text": "\xed\xa0\x80"}', b"\x80", b"", b"null", b'"sad"', b"{", b"[]"):
        service.json("/v1/feelings", data).refused(400, 422)
        service.json("/v1/songs", data).refused(400, 422)
    service.json("/v1/songs", _SONG % '"tempo": 120, "tempo": 4000').refused(422)
    holds(service.json("/v1/feelings", '{"text": 4000, "text": "so sad"}').status == 200, "the last of two counts")
    return told


if __name__ == "__main__":
    main(attack)
