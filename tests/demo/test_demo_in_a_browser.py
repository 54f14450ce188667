"""The page of bin/demo in a real browser, as a person uses it; slow."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlparse

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from jmvae_tf.data.image_file import encode_png
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.shipped_models import FACES
from tests.helpers.demo_page import started_page
from tests.helpers.drawn_shells import drawn_shells, shell_model
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.slow

# Where pictures of the page are kept, to be looked at; nowhere unless it is set.
SCREENSHOTS = os.environ.get("JMVAE_TF_SCREENSHOTS")


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium is installed: apt install chromium")
    return path


@contextlib.contextmanager
def _demo(temporary, *flags):
    """The address of a page; its environment tells its library to open it to others, in vain."""
    open_to_all = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_ALLOWED_PATHS": str(ROOT)}
    with started_page(temporary, *flags, **open_to_all) as (url, _):
        yield url


@contextlib.contextmanager
def _opened(url, chromium, first_tab="Draw"):
    """The page in a browser, which asks nobody else for anything, and may do all that it tries."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    foreign, forbidden = [], []
    webcam = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", *webcam])
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        tab.on(
            "request",
            lambda request: (
                foreign.append(request.url)
                if urlparse(request.url).hostname not in ("127.0.0.1", None)
                else None
            ),
        )
        tab.on(
            "console",
            lambda said: (
                forbidden.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        tab.goto(url)
        tab.get_by_role("tab", name=first_tab).wait_for()
        yield tab
        browser.close()
    assert foreign == []
    assert forbidden == []


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with _demo(tmp_path_factory.mktemp("temporary"), f"--saved_model={FACES}") as url:
        yield url


@pytest.fixture
def page(served, chromium):
    with _opened(served, chromium) as tab:
        yield tab


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    """A drawn face that wears glasses, as a file; the model has not seen it."""
    path = tmp_path_factory.mktemp("faces") / "face.png"
    attributes = np.full((1, len(toyfaces.ATTRIBUTES)), -1, np.int8)
    for name in ("Eyeglasses", "Black_Hair", "Smiling"):
        attributes[0, toyfaces.ATTRIBUTES.index(name)] = 1
    [image] = toyfaces.redraw(attributes, 12345)
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path


def _picture(page, name, unlike=None):
    """The address of a picture once it is there, and another than before; it has a digest in it."""
    image = page.locator(f"#{name} img")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if image.count() and image.first.is_visible():
            address = image.first.get_attribute("src")
            if address and address != unlike:
                return address
        page.wait_for_timeout(100)
    raise AssertionError(f"#{name} shows nothing new")


def _text_box(page, name):
    return page.locator(f"#{name} textarea, #{name} input").first


def _says(page, text):
    """Waits until the page says what it generates from what."""
    deadline = time.monotonic() + 60
    while text not in _text_box(page, "status").input_value():
        assert time.monotonic() < deadline, _text_box(page, "status").input_value()
        page.wait_for_timeout(100)


def _move(page, tab, slider, value):
    number = tab.locator(f"#{slider} input[type=number]").first
    number.fill(str(value))
    number.press("Enter")
    page.wait_for_timeout(100)


def _value(tab, slider):
    return float(tab.locator(f"#{slider} input[type=number]").first.input_value())


def _shoot(page, name):
    if SCREENSHOTS:
        page.wait_for_timeout(1500)
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


def test_moving_a_slider_changes_the_picture(page):
    tab = page.get_by_role("tabpanel").first
    before = _picture(page, "average")
    _move(page, tab, "Smiling", 2)
    smiling = _picture(page, "average", before)
    page.locator("#boxes").first.get_by_label("Wearing_Hat").check()
    with_hat = _picture(page, "average", smiling)
    assert _value(tab, "Wearing_Hat") == 1
    assert _value(tab, "Smiling") == 2  # Stays where it was moved to.
    page.locator("#boxes").first.get_by_label("Wearing_Hat").uncheck()
    without = _picture(page, "average", with_hat)
    assert _value(tab, "Wearing_Hat") < 0
    page.locator("#boxes").first.get_by_label("Eyeglasses").check()
    _picture(page, "average", without)
    page.locator("#surprise").click()
    _shoot(page, "draw")


def test_the_page_opens_on_digits_drawn_by_a_sample(chromium, tmp_path):
    with _demo(tmp_path) as url, _opened(url, chromium) as page:
        zero = _picture(page, "sample")
        page.get_by_role("tabpanel").first.get_by_label("7", exact=True).check()
        seven = _picture(page, "sample", zero)
        page.locator("#surprise").click()
        _picture(page, "sample", seven)
        assert _picture(page, "average") != _picture(page, "sample")
        _shoot(page, "digits")


def test_a_photograph_by_the_webcam_is_read(page, face):
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(face)
    uploaded = _picture(page, "seen")
    tab.get_by_text("or by webcam").click()
    tab.get_by_text("Click to Access Webcam").click()
    tab.get_by_label("capture photo").click()
    taken = _picture(page, "seen", uploaded)  # What came last,
    tab.get_by_label("find and crop the face").check()
    page.get_by_text("A photograph must show a face from the front").first.wait_for()
    tab.get_by_label("find and crop the face").uncheck()
    assert _picture(page, "seen") == taken  # and stays when it is cut another way.
    _shoot(page, "webcam")


def test_an_uploaded_face_is_read_and_edited(page, face):
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(face)
    _picture(page, "seen")
    chart = _picture(page, "chart")
    before = _picture(page, "edited")
    page.wait_for_timeout(500)
    assert _value(tab, "Eyeglasses") > 0  # What was read sets the sliders,
    assert _value(tab, "Wearing_Hat") < -0.5
    boxes = tab.locator("#boxes")
    assert boxes.get_by_label("Eyeglasses").is_checked()  # and the boxes.
    assert not boxes.get_by_label("Wearing_Hat").is_checked()
    boxes.get_by_label("Wearing_Hat").check()
    with_hat = _picture(page, "edited", before)
    assert _value(tab, "Wearing_Hat") == 1
    assert _value(tab, "Eyeglasses") > 0
    _move(page, tab, "Smiling", -1)
    _picture(page, "edited", with_hat)
    assert _picture(page, "chart") == chart
    _shoot(page, "edit")


def test_a_file_that_is_no_image_gives_a_message(page, face, tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("no image at all")
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(text)
    page.get_by_text("An image file must be a JPEG or PNG").first.wait_for()
    _shoot(page, "message")
    assert page.locator("#seen img").count() == 0
    page.reload()  # The page lives on.
    page.get_by_role("tab", name="Read and edit").click()
    page.get_by_role("tabpanel").first.locator("input[type=file]").first.set_input_files(face)
    _picture(page, "seen")


def test_no_other_files_are_served(served):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{served}/gradio_api/file={ROOT}/README.md")
    with caught.value as refusal:
        assert refusal.code == 403


def test_a_small_file_of_a_huge_image_gives_a_message(page, tmp_path):
    huge = tmp_path / "huge.png"
    cv2.imwrite(str(huge), np.zeros((9000, 9000), np.uint8))
    assert huge.stat().st_size < 10**6
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(huge)
    page.get_by_text("where the longest side may have 4096").first.wait_for()


def test_a_file_that_is_too_large_gives_a_message(page, tmp_path):
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(11 * 2**20))
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(large)
    page.get_by_text(re.compile("exceeds|too large|maximum", re.IGNORECASE)).first.wait_for()


def test_a_walk_between_two_faces(page, face):
    page.get_by_role("tab", name="Walk").click()
    tab = page.get_by_role("tabpanel").first
    tab.locator("input[type=file]").first.set_input_files(face)
    page.wait_for_timeout(1500)
    tab.locator("#walk").click()
    page.locator("#way img").nth(7).wait_for()
    assert len({x.get_attribute("src") for x in page.locator("#way img").all()[:8]}) == 8
    _shoot(page, "walk")


def test_a_run_of_digits_with_two_latent_values(chromium, tmp_path):
    run = tmp_path / "run"
    flags = [f"--run={run}", f"--export_dir={tmp_path / 'saved'}", "--latent_dim=2", "--epochs=40"]
    train = [sys.executable, str(ROOT / "bin" / "train"), *flags, "--warmup_epochs=4"]
    subprocess.run(train, check=True, cwd=tmp_path, capture_output=True)
    digits = load_digits()
    file = tmp_path / "digit.png"
    cv2.imwrite(str(file), (digits.images[0] / 16 * 255).astype(np.uint8))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with _demo(temporary, f"--run={run}") as url, _opened(url, chromium) as page:
        zero = _picture(page, "average")
        page.get_by_role("tabpanel").first.get_by_label("7", exact=True).check()
        _picture(page, "average", zero)
        page.get_by_role("tab", name="Read and edit").click()
        page.get_by_role("tabpanel").first.locator("input[type=file]").first.set_input_files(file)
        _picture(page, "chart")
        edited = _picture(page, "edited")
        tab = page.get_by_role("tabpanel").first
        assert tab.get_by_label("0", exact=True).is_checked()  # What was read.
        tab.get_by_label("5", exact=True).check()
        _picture(page, "edited", edited)
        _shoot(page, "digit")
        page.get_by_role("tab", name="Latent space").click()
        cloud = _picture(page, "latent")
        page.get_by_role("tabpanel").first.locator("input[type=file]").first.set_input_files(file)
        _picture(page, "latent", cloud)
        _shoot(page, "latent")


def test_shells_by_any_of_their_modalities(chromium, tmp_path):
    """An image, a label, attributes, numbers and a text: each given, and each shown by its kind."""
    exported = export_saved_model(shell_model(epochs=40), tmp_path / "shells")
    shell = tmp_path / "shell.png"
    [photo] = drawn_shells(1)["photo"]
    shell.write_bytes(encode_png(np.round(photo * 255).astype(np.uint8)))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        _demo(temporary, f"--saved_model={exported}") as url,
        _opened(url, chromium, "Generate") as page,
    ):
        page.locator("#give-species").get_by_label("whelk", exact=True).check()
        _picture(page, "result-photo")
        for box, name in (("measures", "weight_g"), ("traits", "striped")):
            found = page.locator(f"#result-{box}").get_by_text(name).locator("visible=true")
            found.first.wait_for()
        assert _text_box(page, "result-note").input_value()
        assert page.locator("#result-species").count() == 0
        _shoot(page, "shells_species")
        page.locator("#give-species").get_by_label("(not given)").check()
        _text_box(page, "give-note").fill("a whelk!")
        _says(page, "note must have at most 16 of the letters ")
        _text_box(page, "give-note").fill("large limpet")
        _says(page, "photo and species and traits and measures from note")
        chart = _picture(page, "result-species")
        page.locator("input[type=file]").first.set_input_files(shell)
        _picture(page, "seen-photo")
        page.locator("#give-traits").get_by_label("striped").check()
        _text_box(page, "give-measures-0").fill("55")
        _text_box(page, "give-measures-1").fill("20")
        _says(page, "species from photo and traits and measures and note")
        _picture(page, "result-species", chart)
        _shoot(page, "shells_all_but_species")
