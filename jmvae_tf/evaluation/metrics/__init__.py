"""The metrics, one module each; every one gives a value per example."""
