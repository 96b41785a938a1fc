"""Evaluation: metrics on corpora, beside baselines."""
