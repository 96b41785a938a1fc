"""Tokens that are nearly right, shown in the wrong place, or not at all.

Without the token nothing is told but whether the service is well (401); a digest of what is shown is compared, in a
time that does not hang on how much of it is right.
"""

from against import Service, holds, main

_PLACES = ("/v1/songs", "/v1/emotions", "/metrics", "/openapi.json", "/nowhere")


def attack(service: Service) -> str:
    """Guess."""
    token, told = service.token, ""
    holds(token, "the variable KELLY_TOKEN must hold the token of the service")
    wrong = (
        "",
        "x",
        token[:-1],
        f"{token}x",
        token.swapcase(),
        f"{token} x",
        "\xff" * 20,
        token * 100,
        f"Bearer {token}",
    )
    shown = [*(f"Bearer {guess}" for guess in wrong), f"Basic {token}", f"Bearer{token}", token, ""]
    for place in _PLACES:
        for value in shown:
            answer = service.ask("GET", place, Authorization=value)
            told = answer.refused(401)
            holds(answer.headers.get("www-authenticate") == "Bearer", "it does not say what to show")
            holds(token.encode() not in answer.body, "it tells the token")
        service.ask("GET", f"{place}?token={token}", Authorization="", Cookie=f"token={token}").refused(401)
    for place in ("/healthz", "/readyz", "/health"):
        holds(service.ask("GET", place, Authorization="").status in {200, 503}, f"{place} is asked without a token")
    good = service.ask("GET", "/v1/emotions", Authorization=f"bearer {token}")
    holds(good.status == 200, f"the token itself: {good.told}")
    return told


if __name__ == "__main__":
    main(attack, KELLY_TOKEN="correct-horse-battery-staple")  # noqa: S106 - of a service that lives for seconds
