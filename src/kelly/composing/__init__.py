"""From an emotion, or a journey of them, to a score."""
