"""Serves a local web page to try a trained model: draw, read, edit and walk between images.

It shows the models that come with the package, an export (--saved_model) or a run of bin/train
(--run). The page needs no network. Only this machine can open it unless --host is set. It can be
opened as localhost, by IP address, as --host and under the names in --allowed_hosts.
"""

import pathlib
import signal
import tempfile

from absl import flags

from jmvae_tf.demo.address import listen
from jmvae_tf.demo.environment import settle_environment
from jmvae_tf.export_format.shipped_models import FACES, SHIPPED_NAMES
from jmvae_tf.export_format.version_folders import newest_version
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError

EXAMPLES = {
    "bin/demo": "opens the models that come with the package",
    f"bin/demo --saved_model={FACES}": "opens one of them",
    "bin/demo --run=runs/digits-jmvae_kl": "opens what you trained",
}

_RUN = shared_flags.define_path("run", None, "folder of a run of bin/train")
_CHECKPOINT = shared_flags.define_checkpoint()
_SAVED_MODEL = shared_flags.define_path(
    "saved_model",
    None,
    "a SavedModel, the folder above its versions, or a shipped model: "
    f"{', '.join(SHIPPED_NAMES)} (default: all of these)",
)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0 for all")
_PORT = shared_flags.define_integer("port", 7860, "port to listen on", 0, 65535)
_ALLOWED_HOSTS = flags.DEFINE_list(
    "allowed_hosts", [], "host names under which browsers may open the page, separated by commas"
)


def main() -> None:
    """Runs the program."""
    if _RUN.value and _SAVED_MODEL.value:
        raise UserError("The page shows one model", "--run and --saved_model", "choose one of them")
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Closing the terminal ends it too.
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    with (
        listen(_HOST.value, _PORT.value) as listening,
        tempfile.TemporaryDirectory() as uploads,
        tempfile.TemporaryDirectory() as exported,
    ):
        settle_environment(uploads)
        run = choose_run(_RUN.value, _CHECKPOINT.value) if _RUN.value else None
        names = [_SAVED_MODEL.value] if _SAVED_MODEL.value else SHIPPED_NAMES
        # Missing ones are found before TensorFlow is loaded.
        versions = [] if run else [newest_version(shared_flags.export_of(name)) for name in names]
        load_tensorflow()
        from jmvae_tf.programs.tasks import page_of_models

        if run:
            shown = [page_of_models.shown_run(run, pathlib.Path(exported))]
        else:
            shown = [page_of_models.shown_export(version) for version in versions]
        page_of_models.serve_page(shown, listening, _HOST.value, _ALLOWED_HOSTS.value, uploads)
