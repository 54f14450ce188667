"""The data sets: a module or a package each, their registry, and the pipelines that feed them."""
