"""A service that could be reached from other machines, started without a token, or with one that is soon guessed.

It does not start.
"""

from against import Service, holds, kelly, main

_PUBLIC = ("0.0.0.0", "::", "")  # noqa: S104 - which is the point


def attack(_: Service) -> str:
    """Start each."""
    for host in _PUBLIC:
        done = kelly("serve", "--host", host, "--port", "0", KELLY_TOKEN="")
        holds(done.returncode == 2 and "token" in done.stderr, f"--host {host!r}: {done.stderr}")
    short = kelly("serve", "--host", _PUBLIC[0], "--port", "0", KELLY_TOKEN="short")  # noqa: S106
    holds(short.returncode == 2 and "token" in short.stderr, f"a short token: {short.stderr}")
    return f"exit code {done.returncode}, {done.stderr.strip()}"


if __name__ == "__main__":
    main(attack)
