"""Exports that a server of another user cannot read are warned of."""

import os
import stat

import pytest

from jmvae_tf.export.permissions import warn_if_private


@pytest.mark.parametrize(("umask", "is_told"), [(0o077, True), (0o027, True), (0o022, False)])
def test_exports_that_a_server_cannot_read(umask, is_told, tmp_path, capsys):
    before = os.umask(umask)
    try:
        (tmp_path / "model" / "1" / "assets").mkdir(parents=True)
        (tmp_path / "model" / "1" / "assets" / "modalities.json").write_text("{}")
    finally:
        os.umask(before)
    warn_if_private(tmp_path / "model" / "1")
    told = capsys.readouterr().err
    assert told.count("\n") == is_told
    assert ("chmod -R go+rX" in told) == is_told


def test_one_file_that_a_server_cannot_read(tmp_path, capsys):
    (tmp_path / "1").mkdir(mode=0o755)
    (tmp_path / "1" / "saved_model.pb").write_text("")
    (tmp_path / "1" / "saved_model.pb").chmod(stat.S_IRUSR)
    (tmp_path / "1").chmod(0o755)
    warn_if_private(tmp_path / "1")
    assert "warning: only this user can read" in capsys.readouterr().err
