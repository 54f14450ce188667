"""Serves the page of models until the process is interrupted."""

import ipaddress
import pathlib
import socket
import sys
import threading
from collections.abc import Sequence

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.page import ShownExport, page
from jmvae_tf.demo.page_server import application, quiet, served
from jmvae_tf.demo.uploads import Uploads
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.reporting.training_summaries import summary_of_run
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import name_of_epoch


def shown_export(folder: pathlib.Path) -> ShownExport:
    """Loads a SavedModel to show.

    Args:
      folder: the SavedModel or the folder above its versions.

    Raises:
      UserError: if it does not exist or is damaged.
    """
    export = LoadedExport(folder)
    # Faces of an export are assumed to fill the image.
    return ShownExport(export, export.version.resolve().parent.name, crops_faces=False)


def shown_run(run: ChosenRun, folder: pathlib.Path) -> ShownExport:
    """Exports the model of a run to show it.

    Args:
      run: the run.
      folder: the folder to export to.

    Raises:
      UserError: if the run's weights cannot be used.
    """
    model = load_checkpoint(run.checkpoint, run.folder)
    checkpoint = name_of_epoch(run.folder, run.checkpoint)
    summary = summary_of_run(model, run.folder, checkpoint)
    export_saved_model(model, folder, columns=run.settings.columns, summary=summary)
    return ShownExport(LoadedExport(folder), run.folder.path.name, run.settings.crop == "face")


def serve_page(
    shown: Sequence[ShownExport],
    listening: socket.socket,
    host: str,
    allowed_hosts: Sequence[str],
    uploads: str,
) -> None:
    """Serves a page of models, the first of which is shown first.

    Args:
      shown: the models.
      listening: a socket that listens.
      host: the host name of the socket's address.
      allowed_hosts: other host names under which browsers may open the page.
      uploads: the folder passed to `environment.settle_environment`.

    Raises:
      UserError: if the page cannot show a model.
    """
    blocks = page(shown)
    app = application(blocks, [host, *allowed_hosts], Uploads(uploads))
    address, port = listening.getsockname()[:2]
    if not ipaddress.ip_address(address).is_loopback:
        print(
            f"warning: with --host={host} everybody who reaches this machine can use the page, and "
            "upload to it; there is no password",
            file=sys.stderr,
        )
    with quiet() as say, served(app, listening):
        shown_host = f"[{host}]" if ":" in host else host
        say(f"the page is at http://{shown_host}:{port}; Ctrl-C ends it")
        threading.Event().wait()
