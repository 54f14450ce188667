"""Five views of one label: digits of MNIST on coloured textures."""

VIEWS = ("stripes", "checks", "grain", "plasma", "dots")
"""The names of the views, after their textures."""
