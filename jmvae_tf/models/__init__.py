"""One module for each of the papers' models."""
