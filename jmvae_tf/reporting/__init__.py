"""Reports on a run: evaluates the trained model, draws its figures, exports it."""
