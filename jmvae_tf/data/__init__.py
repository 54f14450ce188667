"""The data sets, their registry, and the pipelines that feed them to models."""
