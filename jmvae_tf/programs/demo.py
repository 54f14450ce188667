"""A local web page to play with a trained model: draw, read, edit and walk between images.

The model is an export (--saved_model, one that the repository ships if nothing is said) or a run of
bin/train (--run). The page needs no network, and is open to this machine only unless --host says
otherwise. It answers to localhost, to addresses, to --host and to the names of --allowed_hosts.
"""

import contextlib
import ipaddress
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator

from absl import flags

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.run_folder import RunFolder

_SHIPPED = pathlib.Path(__file__).parents[2] / "saved_models" / "mnist-jmvae_kl"

_RUN = shared_flags.define_path("run", None, "folder of a run of bin/train")
_CHECKPOINT = shared_flags.define_checkpoint()
_SAVED_MODEL = shared_flags.define_path(
    "saved_model", None, "a SavedModel, or the folder above its versions (default: a shipped one)"
)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0 for all")
_PORT = flags.DEFINE_integer("port", 7860, "port to listen on", lower_bound=0, upper_bound=65535)
_ALLOWED_HOSTS = flags.DEFINE_list(
    "allowed_hosts", [], "names under which browsers may ask for the page, separated by commas"
)

_OF_A_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # And the names of proxies.


def main() -> None:
    """Runs the program."""
    if _RUN.value and _SAVED_MODEL.value:
        raise UserError("The page shows one model", "--run and --saved_model", "choose one of them")
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # A closed terminal ends it, too.
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    with _listening() as listening, tempfile.TemporaryDirectory() as uploads:
        _set_environment(uploads)
        _serve(listening, uploads)


def _set_environment(uploads: str) -> None:
    """Settles what the page's libraries read from the environment, before they are imported.

    Args:
      uploads: where they may keep what is uploaded and shown.
    """
    for name in list(os.environ):
        # The first share the page with the world, or other files with its users. The others are
        # for connections to elsewhere, of which there are none, and stop the start where they are
        # not of the kind that the libraries know.
        if name.startswith("GRADIO_") or name.upper().endswith("_PROXY") or name in _OF_A_NETWORK:
            del os.environ[name]
    os.environ |= {
        "GRADIO_TEMP_DIR": uploads,
        # No call home: neither of the page's library nor of those below it.
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        # Statistics of calls, which nobody sees: none are kept, and none made at every call.
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62),
    }


def _serve(listening: socket.socket, uploads: str) -> None:
    """Serves the page until the process is interrupted."""
    with _exported() as (folder, crops_faces):
        load_tensorflow()

        from jmvae_tf.clients.loaded_export import LoadedExport
        from jmvae_tf.demo.demo_model import DemoModel
        from jmvae_tf.demo.page import page
        from jmvae_tf.demo.page_server import application, quiet, served
        from jmvae_tf.demo.uploads import Uploads

        model = LoadedExport(folder)
        title = _RUN.value or f"{model.version.parent.name}, version {model.version.name}"
        blocks = page(DemoModel(model), title, crops_faces)
        app = application(blocks, [_HOST.value, *_ALLOWED_HOSTS.value], Uploads(uploads))
        address, port = listening.getsockname()[:2]
        if not ipaddress.ip_address(address).is_loopback:
            print(
                f"warning: with --host={_HOST.value} everybody who reaches this machine can use "
                "the page, and upload to it; there is no password",
                file=sys.stderr,
            )
        with quiet() as say, served(app, listening):
            host = f"[{_HOST.value}]" if ":" in _HOST.value else _HOST.value
            say(f"the page is at http://{host}:{port}; Ctrl-C ends it")
            threading.Event().wait()


def _listening() -> socket.socket:
    """A socket that listens where the flags say.

    Raises:
      UserError: if nothing can listen there.
    """
    try:
        [(family, _, _, _, address), *_] = socket.getaddrinfo(
            _HOST.value, _PORT.value, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        raise UserError(
            "The page needs an address and a port of its own",
            f"--host={_HOST.value} --port={_PORT.value}: {getattr(error, 'strerror', error)}",
            "choose others; --port=0 takes any free one",
        ) from error


@contextlib.contextmanager
def _exported() -> Iterator[tuple[pathlib.Path, bool]]:
    """The folder of the SavedModel, made of the run if there is one; whether it knows cut faces."""
    if not _RUN.value:
        # Its images, if they are faces, are taken to fill the picture.
        yield pathlib.Path(_SAVED_MODEL.value or _SHIPPED), False
        return
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)
    load_tensorflow()
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.training.train import load_checkpoint

    with tempfile.TemporaryDirectory() as temporary:
        export_saved_model(load_checkpoint(checkpoint, settings), temporary)
        yield pathlib.Path(temporary), settings.crop == "face"
