"""What a training run settles after its data are loaded."""

import pytest

from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.programs.tasks import training_run

BFLOAT16 = {"precision": "mixed_bfloat16"}


@pytest.fixture
def plan_of(tmp_path):
    def plan_of(overrides, run="run", config=None):
        return make_plan(
            "jmvae_kl",
            "mnist",
            overrides,
            run=str(tmp_path / run),
            resume=False,
            overwrite=False,
            distribute=None,
            named={},
            config=config,
        )

    return plan_of


@pytest.mark.parametrize(
    ("overrides", "has", "replicas", "compiled"),
    [
        (BFLOAT16, True, 1, False),
        (BFLOAT16, True, 2, True),  # Replicas never use XLA, so nothing is left out.
        (BFLOAT16, False, 1, True),
        (BFLOAT16 | {"jit_compile": True}, True, 1, True),
        ({"precision": "mixed_float16"}, True, 1, True),
        ({}, True, 1, True),
    ],
)
def test_xla_is_left_out_where_the_processor_has_bfloat16(
    plan_of, capsys, monkeypatch, overrides, has, replicas, compiled
):
    monkeypatch.setattr(training_run, "processor_has_bfloat16", lambda: has)
    plan = plan_of(overrides)
    settings = training_run.suited_to_processor(plan.settings, plan, replicas)
    assert settings.jit_compile == compiled
    assert ("computes in bfloat16 without XLA" in capsys.readouterr().out) != compiled
    assert settings == plan.settings or not compiled


def test_a_repeated_run_keeps_its_settings(plan_of, monkeypatch):
    monkeypatch.setattr(training_run, "processor_has_bfloat16", lambda: True)
    plan = plan_of(BFLOAT16)
    plan.folder.start(plan.settings)
    again = plan_of({}, "again", str(plan.folder.config_file))
    assert training_run.suited_to_processor(again.settings, again, 1).jit_compile
