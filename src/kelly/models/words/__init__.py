"""The word model: what a text says of V, A, D, of the 72 names and of wounds, by a small trained network."""
