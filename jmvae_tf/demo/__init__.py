"""The page of bin/demo: try a model with sliders, uploads and images."""
