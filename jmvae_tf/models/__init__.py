"""The models: one module each, and their registry, which needs no TensorFlow."""
