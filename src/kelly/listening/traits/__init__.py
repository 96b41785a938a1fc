"""Traits: what can be counted in a piece of music and may carry feeling, one module for each kind."""
