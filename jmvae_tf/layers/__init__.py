"""The layers of networks: bodies by notation, distributions as heads, normalisation."""
