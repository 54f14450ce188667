"""Export of a trained model as a SavedModel, with signatures that need TensorFlow alone."""
