"""Toyfaces: cartoon faces with known attributes."""
