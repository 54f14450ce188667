"""Finishing a training loses nothing, whatever fails."""

import pytest

from jmvae_tf.data import digits
from jmvae_tf.reporting import finish
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder


@pytest.mark.parametrize(
    "error", [IndexError("list index"), UserError("a", "b", "c"), MemoryError()]
)
@pytest.mark.parametrize("step", ["write_metrics", "draw_figures"])
def test_what_fails_after_training_is_one_line_and_loses_nothing(
    tmp_path, monkeypatch, error, step
):
    folder, exports = RunFolder(tmp_path / "a run"), []

    def export(model, export_dir, keep_versions, columns, summary):
        assert summary == "a summary"
        exports.append((export_dir / "1", keep_versions))
        (export_dir / "1").mkdir(parents=True)
        return export_dir / "1"

    def fail(*arguments, **named):
        raise error

    monkeypatch.setattr(finish, "load_checkpoint", lambda path, folder: None)
    monkeypatch.setattr(finish, "summarise_run", lambda *arguments: "a summary")
    monkeypatch.setattr(finish, "export_saved_model", export)
    monkeypatch.setattr(finish, "write_metrics", lambda *arguments, **named: None)
    monkeypatch.setattr(finish, "write_model_card", lambda *arguments: None)
    monkeypatch.setattr(finish, step, fail)
    settings, data = settings_of("vae", "digits", {"target": "image"}), digits.load(None, "paper")
    with pytest.raises(UserError) as raised:
        finish.finish_run(folder, settings, data, tmp_path / "saved", 3)
    assert exports == [(tmp_path / "saved" / "1", 3)]
    for part in (type(error).__name__, str(error), "saved/1 are complete", "--run='"):
        assert part in str(raised.value)


def test_an_export_without_a_summary_is_better_than_none(tmp_path, monkeypatch, capsys):
    def fail(*arguments):
        raise MemoryError("too many")

    monkeypatch.setattr(finish, "summarise_run", fail)
    assert finish._summary(None, None, RunFolder(tmp_path), "epoch-000001.keras") is None
    told = "note: the export says nothing about its training data (MemoryError: too many)\n"
    assert capsys.readouterr().out == told


def test_an_interrupt_after_training_stays_one(tmp_path, monkeypatch):
    def interrupt(*arguments, **named):
        raise KeyboardInterrupt(2)

    monkeypatch.setattr(finish, "load_checkpoint", lambda path, folder: None)
    monkeypatch.setattr(finish, "summarise_run", lambda *arguments: None)
    monkeypatch.setattr(finish, "export_saved_model", lambda *arguments: tmp_path)
    monkeypatch.setattr(finish, "write_model_card", lambda *arguments: None)
    monkeypatch.setattr(finish, "write_metrics", interrupt)
    settings = settings_of("vae", "digits", {"target": "image"})
    with pytest.raises(KeyboardInterrupt):
        finish.finish_run(RunFolder(tmp_path), settings, digits.load(None, "paper"), tmp_path, None)
