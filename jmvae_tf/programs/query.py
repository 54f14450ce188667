"""Asks a running TensorFlow Serving: what an image shows, an image, or an edit.

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

import logging
import math
import os
import pathlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from absl import flags

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.value_ranges import to_pixels, to_values
from jmvae_tf.presets import check_choice
from jmvae_tf.programs.common import shared_flags, standard_streams, values_by_name
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.clients.client import Client
    from jmvae_tf.export_format.modalities_json import DescribedModality

_SERVER = flags.DEFINE_string("server", "http://localhost:8501", "URL of the server")
_MODEL = flags.DEFINE_string("model", "toyfaces-jmvae_kl", "the name that the model is served by")
_SAVED_MODEL = shared_flags.define_path(
    "saved_model", None, "the export that is served (default: saved_models/<model>)"
)
_IMAGE = shared_flags.define_path("image", None, "a JPEG or PNG file, or a pipe")
_CROP = flags.DEFINE_string("crop", "center", "of --image: center square or face")
_GIVEN = flags.DEFINE_list("given", [], "known values, such as label=7 or Smiling=1,Male=-1")
_SET = flags.DEFINE_list("set", [], "values to give --image instead of its own: an edit")
_SEED = flags.DEFINE_integer("seed", None, "draws an image instead of the average one")
_OUT = shared_flags.define_path("out", "generated.png", "PNG file that an image is written to")
_TIMEOUT = flags.DEFINE_float("timeout", 60.0, "seconds that the server has for all it is asked")


def main() -> None:
    """Runs the program."""
    _check_flags()
    from jmvae_tf.export_format.modalities_json import read_modalities
    from jmvae_tf.export_format.version_folders import newest_version

    exported = pathlib.Path(_SAVED_MODEL.value or f"saved_models/{_MODEL.value}")
    modalities = read_modalities(newest_version(exported))
    image = _image_of(modalities)
    if _GIVEN.value:
        [(name, values)] = _one("given", modalities).items()
        means = modalities[name].means
        usual = modalities[name].threshold if means is None else means
        _generate(_client(modalities), image, name, _filled(values, usual))
        return
    others = [x for x in modalities.values() if x.kind in ("label", "attributes")]
    if len(others) != 1:
        raise UserError(
            "A model of an image and a label or attributes is asked",
            f"one of {' and '.join(modalities)}",
            "ask its signatures with a client of jmvae_tf.clients",
        )
    [other] = others
    wanted = _one("set", modalities)[other.name] if _SET.value else None
    pixels = _pixels(image)
    client, asked = _client(modalities), time.monotonic()
    read = client.predict(
        signature_names.to_generate_from_files(image.name, other.name),
        {signature_names.file_tensor(image.name): _bytes(_png(pixels))},
        [other.name],
    )[other.name]
    if wanted is None:
        from jmvae_tf.programs.common.print_values import print_table

        print_table(other, read[0])
        standard_streams.require()
    else:
        # What is left of it, but more than nothing.
        client.timeout = max(_TIMEOUT.value - (time.monotonic() - asked), 0.001)
        values = _filled(wanted, read[0]).clip(*other.support)
        _edit(client, image, pixels, other, values)


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
    if _SEED.value is not None and not 0 <= _SEED.value < 2**31:
        raise UserError("--seed must be from 0 to 2147483647", f"--seed={_SEED.value}", "change it")
    check_choice("crop", _CROP.value, ("center", "face"))
    if not _OUT.value.endswith(".png"):
        raise UserError("--out must end in .png", f"--out={_OUT.value}", "choose another name")
    if not (math.isfinite(_TIMEOUT.value) and _TIMEOUT.value > 0):
        raise UserError(
            "--timeout must be a positive, finite number of seconds",
            f"--timeout={_TIMEOUT.value}",
            "change it",
        )
    parse_server_url(_SERVER.value)


def _client(modalities: "Mapping[str, DescribedModality]") -> "Client":
    server = parse_server_url(_SERVER.value)
    # What libraries log of a server's mistakes is the server's to choose; it is told in one line.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if server.protocol == "grpc":
        load_tensorflow()
        from jmvae_tf.clients.grpc_client import GrpcClient

        return GrpcClient(
            server.address, _MODEL.value, timeout=_TIMEOUT.value, modalities=modalities
        )
    from jmvae_tf.clients.rest_client import RestClient

    return RestClient(server.url, _MODEL.value, timeout=_TIMEOUT.value, modalities=modalities)


def _image_of(modalities: "Mapping[str, DescribedModality]") -> "DescribedModality":
    for modality in modalities.values():
        if modality.kind == "image":
            return modality
    raise UserError(
        "A model of images is asked", f"one of {' and '.join(modalities)}", "choose another --model"
    )


def _one(flag: str, modalities: "Mapping[str, DescribedModality]") -> "Mapping[str, np.ndarray]":
    """The values of the one modality that a flag names."""
    items = _GIVEN.value if flag == "given" else _SET.value
    parsed = values_by_name.parse(flag, items, modalities)
    if len(parsed) != 1:
        raise UserError(
            "Values of one modality are given", f"--{flag}={','.join(items)}", "choose one"
        )
    return parsed


def _filled(values: "np.ndarray", others: "object") -> "np.ndarray":
    """[1, values]; those that are not named are taken from elsewhere."""
    import numpy as np

    filled = np.where(np.isnan(values), np.asarray(others, np.float32), values)
    return filled.astype(np.float32)[np.newaxis]


def _pixels(image: "DescribedModality") -> "np.ndarray":
    """The pixels of --image in the model's size, [height, width, channels] in [0, 1]."""
    from jmvae_tf.data.image_file import read_image

    crop = "face" if _CROP.value == "face" else None
    return read_image(pathlib.Path(_IMAGE.value or ""), image.event_shape, crop, pipe=True)


def _bytes(content: bytes) -> "np.ndarray":
    import numpy as np

    return np.array([content], object)


def _generate(
    client: "Client", image: "DescribedModality", given: str, values: "np.ndarray"
) -> None:
    """Asks for an image of some values."""
    if _SEED.value is None:
        output = signature_names.file_tensor(image.name)
        signature = signature_names.to_generate_files([given], image.name)
        _write(client.predict(signature, {given: values}, [output])[output][0])
        return
    import numpy as np

    inputs = {given: values, signature_names.SEED: np.array([_SEED.value], np.int32)}
    answer = client.predict(signature_names.to_sample([given], image.name), inputs, [image.name])
    _write(_png(to_pixels(answer[image.name][0], image.support)))


def _edit(
    client: "Client",
    image: "DescribedModality",
    pixels: "np.ndarray",
    other: "DescribedModality",
    values: "np.ndarray",
) -> None:
    """Asks for an image with other values."""
    inputs = {image.name: to_values(pixels[None], image.support), other.name: values}
    answer = client.predict(signature_names.to_edit(image.name), inputs, [image.name])
    _write(_png(to_pixels(answer[image.name][0], image.support)))


def _png(pixels: "np.ndarray") -> bytes:
    """float32 [height, width, 1 or 3] in [0, 1] as a PNG file."""
    import numpy as np

    from jmvae_tf.data.image_file import encode_png

    return encode_png(np.round(np.clip(pixels, 0.0, 1.0) * 255).astype(np.uint8))


def _write(content: bytes) -> None:
    from jmvae_tf.runtime.files import written_atomically

    out = pathlib.Path(_OUT.value)
    with written_atomically(out) as temporary:
        temporary.write_bytes(content)
    print(out)
