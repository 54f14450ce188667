"""The page of bin/demo: a model behind sliders, uploads and pictures."""
