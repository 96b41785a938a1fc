"""Trained things: a folder each, with weights, `config.json`, `card.md` and one class with `predict`. No torch here."""
