"""From corpora to what networks are trained on: reading (`corpora/`), checking, splitting and preparing."""
