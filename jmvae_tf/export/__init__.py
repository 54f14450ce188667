"""Exports a trained model as a SavedModel whose signatures need only TensorFlow."""
