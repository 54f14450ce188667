"""Draws arrays with matplotlib to PNG files, independent of models and data."""
