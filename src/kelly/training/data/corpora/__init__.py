"""Corpora: one module each, official layout in, typed records out (`load(root) -> iterator of records`)."""
