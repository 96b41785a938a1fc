"""The version of Kelly, written once: the package, its wheel and every file it composes read it here."""

__all__ = ["__version__"]

__version__ = "0.1.0"
