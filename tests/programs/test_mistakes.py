"""Natural mistakes: one line each that a person would write, before anything is computed."""

import json
import os
import subprocess
import sys

import pytest

from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.programs.common.known_modalities import write_modalities_of_run
from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import BIN
from tests.helpers.programs import Ended, mistake, start_code

FACES = "--run=runs/toyfaces-jmvae_kl"
MISTAKES = {
    # What is there already is not lost.
    "evaluate --out=runs/digits-jmvae_kl/config.json": "--out replaces nothing but the metrics of "
    "an earlier evaluation; received --out=runs/digits-jmvae_kl/config.json where runs/d",
    "evaluate --out=notes.json": "received --out=notes.json where notes_table.txt is something e",
    "evaluate --out=notes.txt": "--out must end in .json; received --out=notes.txt; choose another",
    "generate --image=digit.png --out=digit.png": "--out is another file than those that are read; "
    "received --out=digit.png, which is digit.png; choose another name",
    "generate --given=image=digit.png --image=digit.png --out=./digit.png": "which is digit.png; c",
    "query --image=image=digit.png --out=digit.png": "which is digit.png; choose another name",
    "query --image=digit.png --out=digit.png": "received --out=digit.png, which is digit.png;",
    "generate --image_of=digit.png --out=digit.png": "There is no flag --image_of; received",
    "generate --num_samples=1000000000": "--num_samples must be from 1 to 1000; received --num",
    "train": "runs/digits-jmvae_kl has a run already, of 3 epochs; received --run=runs/digits-jmv"
    "ae_kl; continue it with --resume, replace it with --overwrite, or choose another",
    "train --epochs=ten": "--epochs must be a whole number; received --epochs=ten; write it in",
    "train --resume=maybe": "received --resume=maybe; write --resume or --noresume",
    "train --epochs": "--epochs needs a value; received --epochs alone; write --epochs=…",
    "train --run=": "--run needs a value; received --run=; write --run=…",
    "train --model=JMVAE": "received --model=JMVAE; did you mean jmvae?",
    "train --data=MNIST": "where there is nothing; did you mean --data=mnist?",
    "train --epoch=3": "There is no flag --epoch; received --epoch=3; did you mean --epochs?",
    "train --data-dir=data": "received --data-dir=data; did you mean --data_dir?",
    "train --nojit": "received --nojit; did you mean --nojit_compile?",
    "train epochs=3": "received epochs=3; did you mean --epochs=3?",
    "train mnist": "received mnist; did you mean --data=mnist?",
    "train cvae": "received cvae; did you mean --model=cvae?",
    "train --model=jmvae_gan --penalty_weight=3": "add --adversary=original+r1, or leave --pen",
    "train --model=mvae --alpha=1": "--alpha is not a setting of mvae on digits; received --alpha=1"
    ".0; leave it out",
    "train --model=mmvae --num_samples=0": "--num_samples must be at least 1; received --num_sampl",
    "train --model=mvae --beta=-1": "--beta must be finite and 0 or more; received --beta=-1.0; ch",
    "train --model=jmvae --modality_dropout=1": "--modality_dropout must be from 0 to below 1; rec",
    "train --model=mvtcae --alpha=2": "--alpha of mvtcae must be from 0 to 1; received --alpha=2.0",
    "train --model=mmvae --gradient=exact_dreg --mean_of_weights=tighter": "--gradient=exact_dreg i"
    "s the gradient of --mean_of_weights=looser; received --gradient=exact_dreg --mean_of_weights=",
    "train --recipe=bets": "--recipe must be one of paper, best; received --recipe=bets; did you me"
    "an best?",
    "train --recipe=best": "--recipe=best has settings for --data=mnist only; received --data=digit"
    "s; leave --recipe out, or choose another --data",
    "train --recipe=best --data=mnist --model=jmvae": "--recipe=best has settings for --model=jmvae"
    "_kl only; received --model=jmvae; leave --recipe out, or choose another --model",
    "train --recipe=best --resume": "A run of --resume keeps its own settings; received --resume an"
    "d --recipe=best; leave one of them out",
    "train --model=vae --gradient=exact_dreg": "--gradient of vae must be plain or dreg; received -"
    "-gradient=exact_dreg; change it",
    "train --gradient=dreg": "--gradient is one of several samples; received --gradient=dreg with -"
    "-num_samples=1; add --num_samples=K, or leave --gradient out",
    "train --model=cvae --num_samples=5": "--num_samples is not a setting of cvae on digits; receiv"
    "ed --num_samples=5; leave it out",
    "train --model=mvae --num_subsets=2": "of three or more modalities; received --num_subsets=2 wi"
    "th image and label; leave it out",
    "train --model=mmvm_gan --adversary=original": "and mmvm_gan has none; received --adversary=ori"
    "ginal; choose non_saturating or hinge",
    "train --likelihood_weights=lable=3": "received --likelihood_weights=lable; did you mean label",
    "train --run=/proc/run": "--run must name a place where files can be written; received "
    "/proc/run: No such file or directory; choose another --run",
    "train --run=new --export_dir=notes.txt/models": "received notes.txt/models: Not a directory; ",
    "evaluate --out=": "--out needs a value; received --out=; write --out=…",
    "evaluate --run=runs/digit-jmvae_kl": "did you mean --run=runs/digits-jmvae_kl?",
    "evaluate --run=saved_models/digits": "this is a SavedModel; name the run that it was exported",
    "evaluate --data=mnist": "received --data=mnist for digits; leave --data out",
    "evaluate --out=runs": "--out is a file; received --out=runs, a folder; write --out=runs/NAME",
    "evaluate --out=/proc/run/a.json": "--out must name a place where files can be written; rec",
    "export --keep_versions=0": "--keep_versions must be at least 1; received --keep_versions=0;",
    "reproduce --table=2016-1 --runs_dir=": "--runs_dir needs a value; received --runs_dir=; write",
    "generate --given=7": "received --given=7; did you mean --given=label=7?",
    "generate --given=lable=7": "received --given=lable=7; did you mean label?",
    "generate --given=label=12": "must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; received --giv",
    "generate --sampler=mixtur": "--sampler must be prior or mixture; received --sampler=mixtur; di"
    "d you mean mixture?",
    "generate --labell=7": "There is no flag --labell; received --labell=7; did you mean --label?",
    "generate --image=digi.png": "digi.png: No such file or directory; did you mean digit.png?",
    "generate --image=runs": "received runs: it is a folder; name a JPEG or PNG file",
    "generate --image=notes.txt": "received notes.txt, neither a JPEG nor a PNG; convert it",
    f"generate {FACES} --given=Smilin=1": "received --given=Smilin=1; did you mean Smiling?",
    f"generate {FACES} --given=Smiling": "received --given=Smiling; write --given=Smiling=1",
    f"generate {FACES} --given=age=7": "received --given=age=7; choose among Smiling, Male",
    "generate --saved_model=mnist-jmvae_kl": "use bin/query, which asks exports",
    "query --saved_model=nope --image=digit.png": "--saved_model must be a folder, or one of "
    "toyfaces-jmvae_kl_gan, mnist-jmvae_kl; received --saved_model=nope, which is neither; choose",
    "demo --saved_model=mnist_jmvae_kl": "did you mean mnist-jmvae_kl?",
    "demo --port=99999": "--port must be from 0 to 65535; received --port=99999; change it",
    "demo --port=web": "--port must be a whole number; received --port=web; write it in digits, "
    "such as 7860",
    "generate --run=runs/digits-mmvm --sampler=prior": "mmvm has no p(z) to draw from; received --s"
    "ampler=prior; choose --sampler=mixture, or give a modality",
    "evaluate --run=runs/digits-mmvm --num_importance_samples=9": "mmvm has no p(z), so no log p(",
    "compare --runs_dir=notes.txt": "--runs_dir must name a place where files can be written; rec",
    "reproduce --table=2018-1-mnist --runs_dir=/proc/x": "received /proc/x: No such file or direct",
    "reproduce --table=2018-1-mist": "received --table=2018-1-mist; did you mean 2018-1-mnist?",
}

_ALL = """
import json, os, sys
import launch
from jmvae_tf.programs.common import known_modalities, run_source, settings_flags, training_plan
from tests.helpers.paths import BIN
for line in json.loads(sys.argv[1]):
    program, *arguments = line.split()
    child = os.fork()
    if not child:
        for number, name in enumerate(("out", "err"), 1):
            os.dup2(os.open(f"{line.replace('/', '|')}.{name}", os.O_CREAT | os.O_WRONLY), number)
        sys.argv = [str(BIN / program), *arguments]
        try:
            launch.run(program)
        except SystemExit as end:
            os._exit(end.code)  # At once, as there is nothing to clear up.
    _, status = os.waitpid(child, 0)
    with open(line.replace("/", "|") + ".status", "w") as file:
        file.write(str(os.waitstatus_to_exitcode(status)))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with three runs, an export, an image and a text."""
    folder = tmp_path_factory.mktemp("mistakes")
    traits = Modality(
        "attributes", (2,), Gaussian(), kind="attributes", value_names=("Smiling", "Male")
    )
    image = digit_modalities(64)["image"]
    for model, data, modalities in (
        ("jmvae_kl", "digits", digit_modalities(8)),
        ("mmvm", "digits", digit_modalities(8)),
        ("jmvae_kl", "toyfaces", {"image": image, "attributes": traits}),
    ):
        run = RunFolder(folder / "runs" / f"{data}-{model}")
        run.start(settings_of(model, data, {}), modalities)
        write_modalities_of_run(run.path, modalities)
        run.checkpoints.mkdir()
        run.checkpoint_of(3).touch()
    version = folder / "saved_models" / "digits" / "1"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    (folder / "digit.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for notes in ("notes.txt", "notes_table.txt"):
        (folder / notes).write_text("years of work")
    return folder


@pytest.fixture(scope="module")
def ended(folder):
    """Each command with what it left, all run by one process."""
    done = start_code(folder, _ALL, json.dumps(list(MISTAKES)))
    assert done.returncode == 0, done.stderr

    def read(line, name):
        return (folder / f"{line.replace('/', '|')}.{name}").read_text()

    return {
        line: Ended(int(read(line, "status")), read(line, "out"), read(line, "err"))
        for line in MISTAKES
    }


@pytest.mark.parametrize("line", MISTAKES)
def test_one_line_says_what_to_do(ended, line):
    done = ended[line]
    assert MISTAKES[line] in mistake(done)
    assert done.stdout == ""


@pytest.mark.parametrize(
    "line", ["train --epochs=ten", "train --model=mvtcae --alpha=2.0", "generate --given=7"]
)
def test_tensorflow_is_not_loaded_for_it(folder, line):
    program, *arguments = line.split()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(BIN / program), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"received {arguments[-1]};" in done.stderr.splitlines()[-1]
    assert not {"tensorflow", "keras"} & {
        text.rpartition("|")[2].strip() for text in done.stderr.splitlines()
    }


def test_help_goes_to_a_reader_that_stops(folder):
    done = subprocess.run(
        f"{sys.executable} {BIN / 'train'} --help | head -1",
        cwd=folder,
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
