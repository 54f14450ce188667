"""Measures of a trained model: bounds on its likelihoods, and what its samples are like."""
