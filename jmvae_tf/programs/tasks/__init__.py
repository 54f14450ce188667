"""The work of the programs, in modules that programs import once TensorFlow is loaded."""
