import os
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound to cores")
def test_a_process_bound_to_one_core_uses_one():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
        "from jmvae_tf.runtime.cores import cores_in_words; print(cores_in_words())"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert said == "1 core\n"
