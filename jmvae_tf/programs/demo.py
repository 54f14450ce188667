"""A local web page to play with a trained model: draw, read, edit and walk between images.

The model is an export (--saved_model, one that the repository ships if nothing is said) or a run of
bin/train (--run). The page needs no network, and is open to this machine only unless --host says
otherwise.
"""

import contextlib
import os
import pathlib
import socket
import tempfile
import threading
from collections.abc import Iterator

from absl import flags

from jmvae_tf.errors import UserError
from jmvae_tf.programs import program
from jmvae_tf.training.run_folder import RunFolder

_SHIPPED = pathlib.Path(__file__).parents[2] / "saved_models" / "toyfaces-jmvae_kl"

_RUN = program.define_path("run", None, "folder of a run of bin/train")
_CHECKPOINT = program.define_checkpoint()
_SAVED_MODEL = program.define_path(
    "saved_model", None, "a SavedModel, or the folder above its versions (default: a shipped one)"
)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0 for all")
_PORT = flags.DEFINE_integer("port", 7860, "port to listen on", lower_bound=0, upper_bound=65535)

_LARGEST_UPLOAD = "10mb"
_MOST_PIXELS = 64 * 10**6  # A small file may announce and hold thousands of millions.


def main() -> None:
    """Runs the program."""
    if _RUN.value and _SAVED_MODEL.value:
        raise UserError("The page shows one model", "--run and --saved_model", "choose one of them")
    port = _free_port()
    with tempfile.TemporaryDirectory() as uploads:
        _set_environment(uploads)
        _serve(port)


def _set_environment(uploads: str) -> None:
    """Settles what the page's libraries read from the environment, before they are imported.

    Args:
      uploads: where they may keep what is uploaded and shown.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]  # They share the page with the world, or other files with its users.
    os.environ |= {
        "GRADIO_TEMP_DIR": uploads,
        # No call home: neither of the page's library nor of those below it.
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        # OpenCV reads it when it is imported, which TensorFlow's packages do too.
        "OPENCV_IO_MAX_IMAGE_PIXELS": str(_MOST_PIXELS),
    }


def _serve(port: int) -> None:
    """Serves the page until the process is interrupted."""
    with _exported() as (folder, crops_faces):
        program.load_tensorflow()
        import gradio

        from jmvae_tf.demo.answers import Answers
        from jmvae_tf.demo.page import page
        from jmvae_tf.loaded_model import LoadedModel

        model = LoadedModel(folder)
        title = _RUN.value or f"{model.version.parent.name}, version {model.version.name}"
        blocks = page(Answers(model), title, crops_faces)
        blocks.queue()
        system_fonts = ("system-ui", "sans-serif")
        blocks.launch(
            server_name=_HOST.value,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            show_error=True,
            max_file_size=_LARGEST_UPLOAD,
            run_history=False,
            footer_links=["gradio", "settings"],
            theme=gradio.themes.Default(font=system_fonts, font_mono=("monospace",)),
        )
        print(f"the page is at http://{_HOST.value}:{port}; Ctrl-C ends it", flush=True)
        try:
            threading.Event().wait()
        finally:
            blocks.close(verbose=False)


def _free_port() -> int:
    """The port asked for, or a free one for 0.

    Raises:
      UserError: if nothing can listen there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST.value, _PORT.value))
        except OSError as error:
            raise UserError(
                "The page needs an address and a port of its own",
                f"--host={_HOST.value} --port={_PORT.value}: {error.strerror}",
                "choose others; --port=0 takes any free one",
            ) from error
        return probe.getsockname()[1]


@contextlib.contextmanager
def _exported() -> Iterator[tuple[pathlib.Path, bool]]:
    """The folder of the SavedModel, made of the run if there is one; whether it knows cut faces."""
    if not _RUN.value:
        # The shipped faces fill their images as drawn ones do.
        yield pathlib.Path(_SAVED_MODEL.value or _SHIPPED), False
        return
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)
    program.load_tensorflow()
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.training.train import load_checkpoint

    with tempfile.TemporaryDirectory() as temporary:
        export_saved_model(load_checkpoint(checkpoint, settings), temporary)
        yield pathlib.Path(temporary), settings.crop == "face"
