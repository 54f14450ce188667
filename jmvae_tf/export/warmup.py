"""Writes the requests that TensorFlow Serving answers before it accepts clients."""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from jmvae_tf.export_format.predict_request import predict_request


def write_warmup_requests(
    version: pathlib.Path, model_name: str, requests: Mapping[str, Mapping[str, np.ndarray]]
) -> None:
    """Writes `assets.extra/tf_serving_warmup_requests`, a TFRecord file of `PredictionLog`s.

    Args:
      version: the folder of a SavedModel.
      model_name: the name under which a server serves the model.
      requests: maps each signature to its inputs by name; files as arrays of bytes objects.

    Raises:
      OSError: if it cannot be written.
    """
    folder = version / "assets.extra"
    folder.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / "tf_serving_warmup_requests")) as writer:
        for signature, inputs in requests.items():
            request = predict_request(model_name, signature, inputs)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
