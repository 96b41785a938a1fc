"""Errors that Kelly raises on purpose: each says what was wrong, what is allowed and what was got."""

__all__ = [
    "CorpusError",
    "FileError",
    "IntentError",
    "KellyError",
    "MissingCorpusError",
    "SoundError",
    "TrainingError",
    "UnknownNameError",
    "UsageError",
]


class KellyError(Exception):
    """Root of all errors that Kelly raises on purpose. Its text is one line, fit to be shown to a user."""


class UsageError(KellyError, ValueError):
    """An argument is out of range or contradicts another (command line: exit code 2)."""


class UnknownNameError(UsageError):
    """A name (emotion, arc, genre, mode, rule-break ...) is not known; the text carries the nearest names."""


class IntentError(UsageError):
    """A song-intent file does not follow the schema (command line: exit code 2)."""


class FileError(KellyError, OSError):
    """A file cannot be read or written, or is not what it should be (command line: exit code 1)."""


class CorpusError(FileError):
    """A corpus is missing, or a file of it is not in the official layout (command line: exit code 1)."""


class MissingCorpusError(CorpusError):
    """A corpus is not where it was looked for; the text says what is expected there."""


class SoundError(KellyError):
    """Audio cannot be rendered: no SoundFont, an unreadable one, or nothing to sound (exit code 1)."""


class TrainingError(KellyError):
    """A training was stopped since nothing worth keeping could come of it (command line: exit code 1)."""
