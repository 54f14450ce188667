"""Asks a running TensorFlow Serving what an image shows, for an image, or for an edit.

--image=face.jpg                          its attributes, or the label of a digit, as a table
--given="Smiling=1" --out=face.png        the average image; attributes not named are at their mean
--given="label=7" --seed=3 --out=7.png    a drawn one; the same seed gives the same image
--image=face.jpg --set="Smiling=1" --out=edited.png

--server is http://HOST:8501 (REST) or grpc://HOST:8500. The server has the model's numbers but not
the names of its values: --saved_model says where a copy of the export lies.

An image is turned as its camera noted, and its centre square is cut out and resized, before it is
sent. --crop=face finds the face in a photograph instead, and cuts it out as for training: models of
faces know it best so.

A server is not believed: what comes back is shown or written only if it is what the export says. No
redirect is followed, and nothing goes elsewhere than to --server, or by the environment's proxy.
"""

import math
import pathlib

from absl import flags

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError, check_choice

_SERVER = flags.DEFINE_string("server", "http://localhost:8501", "URL of the server")
_MODEL = flags.DEFINE_string("model", "toyfaces-jmvae_kl", "the name that the model is served by")
_SAVED_MODEL = shared_flags.define_path(
    "saved_model", None, "the export that is served (default: saved_models/<model>)"
)
_IMAGE = shared_flags.define_images()
_CROP = flags.DEFINE_string("crop", "center", "of --image: center square or face")
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_SET = flags.DEFINE_list("set", [], "values to give --image instead of its own: an edit")
_SEED = shared_flags.define_seed(None, "draws an image instead of the average one")
_OUT = shared_flags.define_path("out", "generated.png", "PNG file that an image is written to")
_TIMEOUT = flags.DEFINE_float("timeout", 60.0, "seconds that the server has for all it is asked")


def main() -> None:
    """Runs the program."""
    _check_flags()
    server = parse_server_url(_SERVER.value)
    if server.protocol == "grpc":
        load_tensorflow()  # Its messages are TensorFlow's.
    from jmvae_tf.programs.tasks import server_query

    server_query.query(
        server,
        _MODEL.value,
        pathlib.Path(_SAVED_MODEL.value or f"saved_models/{_MODEL.value}"),
        images=_IMAGE.value or (),
        crop=_CROP.value,
        given=_GIVEN.value,
        changes=_SET.value,
        seed=_SEED.value,
        out=pathlib.Path(_OUT.value),
        timeout=_TIMEOUT.value,
    )


def _check_flags() -> None:
    given = [flag for flag in (_GIVEN, _IMAGE) if flag.value]
    if len(given) != 1:
        raise UserError(
            "Either an image is sent or what to draw",
            " and ".join(f"--{flag.name}" for flag in given) or "neither --image nor --given",
            "give one of --image=FILE and --given=NAME=VALUE",
        )
    if _SET.value and not _IMAGE.value:
        raise UserError("--set edits an image", "--set without --image", "give --image=FILE")
    if _SEED.value is not None and not _GIVEN.value:
        raise UserError("--seed draws an image", "--seed without --given", "leave it out")
    check_choice("crop", _CROP.value, ("center", "face"))
    shared_flags.check_png_name(_OUT.value)
    if not (math.isfinite(_TIMEOUT.value) and _TIMEOUT.value > 0):
        raise UserError(
            "--timeout must be a positive, finite number of seconds",
            f"--timeout={_TIMEOUT.value}",
            "change it",
        )
