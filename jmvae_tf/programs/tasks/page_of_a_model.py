"""Serves the page of a model until the process is interrupted."""

import ipaddress
import pathlib
import socket
import sys
import threading
from collections.abc import Sequence

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.page import page
from jmvae_tf.demo.page_server import application, quiet, served
from jmvae_tf.demo.uploads import Uploads
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.reporting.training_summaries import summary_of_run
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import name_of_epoch


def serve_page(
    saved_model: pathlib.Path,
    run: ChosenRun | None,
    listening: socket.socket,
    host: str,
    allowed_hosts: Sequence[str],
    uploads: str,
) -> None:
    """Serves the page of a SavedModel, or of a run, which is exported first.

    Args:
      saved_model: the SavedModel or the folder above its versions; for a run, the folder to export
        to.
      run: the run; None for an existing SavedModel.
      listening: a socket that listens.
      host: the host name of the socket's address.
      allowed_hosts: other host names under which browsers may open the page.
      uploads: the folder passed to `environment.settle_environment`.

    Raises:
      UserError: if the model does not exist or the page cannot show it.
    """
    if run:
        model = load_checkpoint(run.checkpoint, run.folder)
        checkpoint = name_of_epoch(run.folder, run.checkpoint)
        summary = summary_of_run(model, run.folder, checkpoint)
        export_saved_model(model, saved_model, columns=run.settings.columns, summary=summary)
    export = LoadedExport(saved_model)
    version = export.version
    title = str(run.folder.path) if run else f"{version.parent.name}, version {version.name}"
    # Faces of an export are assumed to fill the image.
    crops_faces = run is not None and run.settings.crop == "face"
    blocks = page(export, title, crops_faces)
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
