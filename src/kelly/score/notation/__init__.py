"""Notation: a score as a musician reads it, of bars, staves, voices, note values and spelled pitches."""
