"""Report on a run: measure the trained model, draw its figures, export it."""
