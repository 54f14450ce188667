"""Training: building models, callbacks, checkpoints, run folders and the run itself."""
