"""The work of the programs: ordinary modules, which programs import once TensorFlow is loaded."""
