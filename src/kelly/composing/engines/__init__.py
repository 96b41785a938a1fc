"""The fourteen engines and groove: one module each, each with one function `play(context, rng)`."""
