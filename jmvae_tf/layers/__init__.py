"""Layers: network bodies in the paper's notation, distribution heads, normalisation."""
