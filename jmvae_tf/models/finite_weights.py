"""Finds weights of networks that are not finite: training has failed, or a file is damaged."""

import keras
import numpy as np


def not_finite(model: keras.Model) -> list[str]:
    """Lists the names of the weights that have NaN or infinite values."""
    weights = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}
    return [
        name
        for name, values in weights.items()
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all()
    ]
