"""Evaluates a trained model: bounds on its likelihoods and the quality of its samples."""
