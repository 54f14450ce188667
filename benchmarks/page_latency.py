"""Measures how long the page of bin/demo takes from a moved slider to the changed picture.

python benchmarks/page_latency.py [--saved_model=...] needs Chromium and the requirements of tests.
A slider is moved in the browser, and the time is taken when the browser has decoded the picture.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from tests.helpers.demo_page import started_page

_MOVES = 40
_WARM_UP = 5

# Moves the first slider of the tab to a place, and resolves with milliseconds.
_MOVE = """
(share) => new Promise((done) => {
  const slider = document.querySelector(".how-much input[type=range]");
  const began = performance.now();
  const picture = document.querySelector("#sample img");
  const old = picture.getAttribute("src");
  const look = async () => {
    const now = document.querySelector("#sample img");
    if (!now || now.getAttribute("src") === old) return requestAnimationFrame(look);
    await now.decode();
    done(performance.now() - began);
  };
  slider.value = Number(slider.min) + share * (slider.max - slider.min);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  look();
})
"""


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saved_model", default="toyfaces-jmvae_kl_gan", help="with attributes")
    model = parser.parse_args().saved_model
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as folder,
        started_page(pathlib.Path(folder), f"--saved_model={model}") as (url, _),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.locator("#sample img").wait_for()
        page.locator("#draw-how-much > button").click()
        page.locator(".how-much input[type=range]").first.wait_for()
        shares = np.random.default_rng(0).random(_WARM_UP + _MOVES)
        times = [page.evaluate(_MOVE, share) for share in shares.tolist()][_WARM_UP:]
        browser.close()
    middle, high = np.percentile(times, [50, 90])
    print(f"slider to picture: median {middle:.0f} ms, 90 % within {high:.0f} ms, {_MOVES} moves")


if __name__ == "__main__":
    main()
