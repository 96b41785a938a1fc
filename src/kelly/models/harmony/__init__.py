"""Harmony: which chord comes next."""
