"""The transformer: it writes parts, bar by bar, that carry a feeling over a plan of chords."""
