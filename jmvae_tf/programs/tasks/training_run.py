"""Trains a run: the model, then its export, metrics and figures."""

import contextlib
import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

import tensorflow as tf

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.programs.common.chosen_run import export_folder
from jmvae_tf.programs.common.known_modalities import write_modalities_of_run
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.programs.common.training_plan import TrainingPlan
from jmvae_tf.programs.tasks import chosen_settings, run_data
from jmvae_tf.reporting.data_summary import note_on_left_out
from jmvae_tf.runtime.cores import cores_in_words
from jmvae_tf.runtime.errors import one_line
from jmvae_tf.runtime.precision import note_on_bfloat16, processor_has_bfloat16
from jmvae_tf.settings import Settings
from jmvae_tf.training import local_file, strategies
from jmvae_tf.training.build import Trained, make_model
from jmvae_tf.training.checkpoints import load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import check_patience, check_profile, train


def train_run(
    plan: TrainingPlan,
    data_dir: pathlib.Path,
    export_dir: str,
    keep_versions: int | None,
    *,
    profile: bool,
    verbose: bool = False,
    again: Sequence[str],
) -> None:
    """Carries out a plan and prints the paths of its results.

    Args:
      plan: the plan of the training.
      data_dir: folder of the data, or to download them to.
      export_dir: the folder of all SavedModels.
      keep_versions: the number of newest versions to keep; None for all.
      profile: whether to write a trace of some steps for TensorBoard.
      verbose: whether to print the table of all metrics at the end.
      again: the arguments of `bin/train` that resume an interrupted run.

    Raises:
      UserError: if the data or a checkpoint cannot be read, the folder is in use, or the training
        fails.
      KeyboardInterrupt: if a signal stopped the training.
    """
    folder = plan.folder
    strategy = strategies.strategy_of(plan.distribute)  # Before TensorFlow computes anything.
    data = run_data.load(plan.source, data_dir, plan.settings, plan.overrides.get("incomplete"))
    settings = suited_to_processor(plan.settings_on(data), plan, strategy.num_replicas_in_sync)
    if settings.manifest is not None:
        again = [f"--data={plan.source.given}", *again]
        if plan.settings is None:
            print(chosen_settings.as_text(settings, data.num_examples("train")), flush=True)
    exports = export_folder(export_dir, settings)
    with folder.locked() if plan.is_chief else contextlib.nullcontext():
        model, epoch = None, 0
        # Workers that neither check nor write need none.
        needs_fingerprint = plan.resume or plan.is_chief
        fingerprint = run_data.fingerprint_to_record(data) if needs_fingerprint else None
        if plan.resume:
            run_data.check_same(folder, data, fingerprint)
        with strategy.scope():
            if plan.resume:
                model, epoch = load_newest(folder, set_aside=plan.is_chief)
            model = model or make_model(settings, data)
        announce_judged(model)
        left_out = note_on_left_out(without_adversary(model), data)
        if left_out:
            print(left_out, flush=True)
        strategies.check_agreement(strategy, epoch)
        check_patience(settings, data)
        if profile:
            check_profile(settings, data, epoch)
        if plan.is_chief:
            exports.mkdir(parents=True, exist_ok=True)  # Fails before hours of training, not after.
            _open_folder(plan, settings, data, fingerprint, data_dir)
        _announce_devices(strategy.num_replicas_in_sync, settings)
        try:
            train(model, settings, data, folder, epoch, profile)
            if not plan.is_chief:
                print("trained; the first worker evaluates the model, draws figures and exports it")
                return
            # Imported only now, since training would use about 100 MiB more.
            from jmvae_tf.reporting.finish import finish_run

            finish_run(folder, settings, data, exports, keep_versions, verbose)
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt, _how_to_resume(folder, again)) from None


def _open_folder(
    plan: TrainingPlan,
    settings: Settings,
    data: DataSet,
    fingerprint: str | None,
    data_dir: pathlib.Path,
) -> None:
    """Prepares the run's folder for training."""
    folder = plan.folder
    if plan.resume:
        folder.write_config(settings, data.modalities, fingerprint)
    else:
        folder.check_new(plan.overwrite)  # Another process may have been faster.
        left = ", ".join(folder.start(settings, data.modalities, fingerprint))
        if left:
            print(one_line(f"note: {folder.path} keeps files that no run wrote: {left}"))
    write_modalities_of_run(folder.path, data.modalities)
    if settings.manifest is not None or data_dir.is_dir():
        local_file.write_source(folder.path, plan.source, data_dir)


def suited_to_processor(settings: Settings, plan: TrainingPlan, replicas: int) -> Settings:
    """Leaves XLA out where products in bfloat16 are faster without it, unless the user chose."""
    if (
        settings.precision == "mixed_bfloat16"
        and settings.jit_compile
        and replicas == 1
        and plan.of_preset
        and "jit_compile" not in plan.overrides
        and not tf.config.list_physical_devices("GPU")
        and processor_has_bfloat16()
    ):
        print("note: this processor computes in bfloat16 without XLA; --jit_compile uses XLA")
        return dataclasses.replace(settings, jit_compile=False)
    return settings


def announce_judged(model: Trained) -> None:
    """Prints which of several images a discriminator judges, if there is one."""
    if isinstance(model, Adversarial):
        vae = model.vae
        images = [name for name in vae.targets if vae.modalities[name].kind == "image"]
        if len(images) > 1:
            print(f"note: the discriminator judges {model.modality}, of {' and '.join(images)}")


def _how_to_resume(folder: RunFolder, again: Sequence[str]) -> str:
    last = folder.newest_checkpoint()
    kept = f"the last checkpoint is {last}" if last else "no epoch has been saved yet"
    command = ["bin/train", "--resume", f"--run={folder.path}", *again]
    return f"{kept}; resume with {shlex.join(command)}"


def _announce_devices(replicas: int, settings: Settings) -> None:
    """Prints the devices of a long computation, so that users notice what is missing or idle.

    Args:
      replicas: the number of replicas that share each batch, over all machines.
      settings: the settings of the training.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [tf.config.experimental.get_device_details(x).get("device_name") for x in gpus]
        print(f"computing on {', '.join(name or 'a GPU' for name in names)}")
    else:
        print(f"no GPU was found: computing on the CPU ({cores_in_words()})")
        # Replicas are not compiled by XLA, whatever the settings say.
        compiled = settings.jit_compile and replicas == 1
        note = note_on_bfloat16(settings.precision, compiled, processor_has_bfloat16())
        if note:
            print(note)
    if replicas > 1:
        print(f"every batch is shared by {replicas} replicas")
