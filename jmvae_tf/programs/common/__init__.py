"""Shared by the programs: start and end, flags, printed output."""
