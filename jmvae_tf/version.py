"""The version of this package, in this one place."""

__version__ = "0.3.0"
