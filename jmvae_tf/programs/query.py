"""Asks a server or an export: generates modalities from others, or edits an image.

--saved_model=FOLDER without --server loads that export and answers by itself. Otherwise --server is
asked, a TensorFlow Serving: http://HOST:8501 (REST, the default is localhost) or grpc://HOST:8500.
A server does not know the names of the model's values, so --saved_model must be a copy of the
export.

Any of the model's modalities can be given, each by a flag of its own name: --species=cockle,
--measures=length_mm=12.5,weight_g=3, --note="a small shell", --photo=shell.png. All others are
generated: images are written, values are printed in the data's units and letters. A model of a
single modality (vae) answers with its reconstruction.

--set adds the change that the new values cause in the average image; with --redraw, the model draws
the whole image again.

A grey image that is dark on light, such as a digit on paper, is inverted if those in training are
light on dark. A warning says so, and also if an image is blank or unlike all those in training.

Before it is sent, an image is rotated as its camera noted, cut around its centre to the proportions
of the model's images, or fitted as the model's data were, and resized. --crop=face finds the face
in a photograph instead and crops it as for training, which gives the best results with models of
faces.

The server is not trusted: a reply is shown or written only if it matches the export's description.
Redirects are not followed. Data are sent only to --server, or through the environment's proxy.
"""

import math
import pathlib

from absl import flags

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export_format.shipped_models import (
    DIGITS,
    FACES,
    served_model_folder,
)
from jmvae_tf.programs.common import modality_flags, shared_flags
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError, check_choice

_USUAL_SERVER = "http://localhost:8501"

EXAMPLES = {
    f'bin/query --saved_model={DIGITS} --given="label=7" --seed=3 --out=7.png': (
        "a sample of a shipped model, without a server; the same seed gives the same image"
    ),
    f"bin/query --saved_model={FACES} --image=examples/face.png": (
        "the attributes of a face, as a table"
    ),
    f"bin/query --saved_model={FACES} --given=Smiling=1 --out=face.png": (
        "the average image; attributes not named are at their mean"
    ),
    'bin/query --image=examples/face.png --set="Smiling=1" --out=edited.png': (
        "an edit, by a TensorFlow Serving on this machine (serving/README.md)"
    ),
}

_SERVER = flags.DEFINE_string(
    "server", None, f"URL of the server (default: {_USUAL_SERVER} without --saved_model)"
)
_MODEL = flags.DEFINE_string("model", FACES, "the name under which the model is served")
_SAVED_MODEL = shared_flags.define_path(
    "saved_model",
    None,
    "the export to ask, or a copy of the one that is served (default: the shipped one of that "
    "name, or saved_models/<model>)",
)
_IMAGE = shared_flags.define_images()
_CROP = flags.DEFINE_string("crop", "center", "how to crop images: center or face")
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_SET = flags.DEFINE_list("set", [], "values to give --image instead of its own: an edit")
_REDRAW = flags.DEFINE_boolean(
    "redraw", False, "let --set draw the whole image again, instead of changing its pixels"
)
_SEED = shared_flags.define_seed(None, "draw a sample instead of the average image")
_OUT = shared_flags.define_path("out", "generated.png", "PNG file for the image")
_TIMEOUT = flags.DEFINE_float("timeout", 60.0, "seconds for all requests together to a server")
modality_flags.take()


def main() -> None:
    """Runs the program."""
    _check_flags()
    url = _SERVER.value or (None if _SAVED_MODEL.value else _USUAL_SERVER)
    server = parse_server_url(url) if url else None
    if server and server.protocol == "grpc":
        load_tensorflow()  # gRPC's messages are TensorFlow's.
    from jmvae_tf.programs.tasks import server_query

    server_query.query(
        server,
        _MODEL.value,
        shared_flags.export_of(_SAVED_MODEL.value)
        if _SAVED_MODEL.value
        else served_model_folder(_MODEL.value),
        given=GivenFlags(_IMAGE.value or (), _GIVEN.value),
        crop=_CROP.value,
        changes=_SET.value,
        seed=_SEED.value,
        out=pathlib.Path(_OUT.value),
        timeout=_TIMEOUT.value,
        redraws=_REDRAW.value,
    )


def _check_flags() -> None:
    if not (_GIVEN.value or _IMAGE.value or modality_flags.are_any()):
        raise UserError(
            "Send what is known, such as an image or the values to draw",
            "neither --image nor --given",
            "give --image=FILE, --given=NAME=VALUE, or flags named by modalities",
        )
    if _SET.value and not _IMAGE.value:
        raise UserError("--set edits an image", "--set without --image", "give --image=FILE")
    if _SET.value and (_GIVEN.value or modality_flags.are_any()):
        raise UserError(
            "An edit starts from what the image shows", "--set beside other values", "give --image"
        )
    if _REDRAW.value and not _SET.value:
        raise UserError("--redraw draws an edit", "--redraw without --set", "give --set=NAME=VALUE")
    if _SET.value and _SEED.value is not None:
        raise UserError("--seed draws an image", "--seed with --set", "leave it out")
    check_choice("crop", _CROP.value, ("center", "face"))
    shared_flags.check_picture_name(_OUT.value)
    read = [*(_IMAGE.value or ()), *modality_flags.written()]
    shared_flags.check_replaces_none(pathlib.Path(_OUT.value), read)
    if not (math.isfinite(_TIMEOUT.value) and _TIMEOUT.value > 0):
        raise UserError(
            "--timeout must be a positive, finite number of seconds",
            f"--timeout={_TIMEOUT.value}",
            "change it",
        )
