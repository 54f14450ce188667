"""What the programs share: start and end, flags, printed output."""
