"""CelebA, from the official files to a data set of cropped faces."""
