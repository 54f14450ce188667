"""A manifest with a modality of each kind."""

WHOLE = {
    "photo": {
        "kind": "image",
        "column": "photo_file_name",
        "likelihood": "Gaussian",
        "size": [48, 80],
        "channels": 3,
        "fit": "crop",
    },
    "species": {
        "kind": "label",
        "column": "species",
        "likelihood": "Categorical",
        "classes": ["cockle", "whelk"],
    },
    "traits": {"kind": "attributes", "columns": ["striped", "red"], "likelihood": "Gaussian"},
    "measures": {
        "kind": "numbers",
        "columns": ["length_mm", "weight_g"],
        "likelihood": "LearnedGaussian",
        "likelihood_weight": 2.5,
        "partly_observed": True,
        "log": ["weight_g"],
    },
    "note": {
        "kind": "text",
        "column": "note",
        "likelihood": "CategoricalSequence",
        "alphabet": "ab ",
        "length": 12,
    },
    "spectrum": {
        "kind": "array",
        "column": "spectrum_file_name",
        "likelihood": "Gaussian",
        "shape": [7, 2],
    },
    "": {"name": "shells", "split": "part", "group": "beach", "ignore": ["id"]},
}
