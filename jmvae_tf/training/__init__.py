"""Training: callbacks, the run folder, and the run as a whole."""
