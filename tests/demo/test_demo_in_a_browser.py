"""The page of bin/demo in a real browser, as a person uses it; slow."""

import contextlib
import io
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
import httpx
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from jmvae_tf.data.image_file import encode_png
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.shipped_models import DIGITS, FACES
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
def _opened(url, chromium, first_tab="Draw", size=(1280, 900), scheme="light"):
    """The page in a browser, which asks nobody else for anything, and may do all that it tries."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    foreign, forbidden = [], []
    webcam = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", *webcam])
        width, height = size
        tab = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True
        )
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


def _digest(address):
    """The part of a picture's address that is made of its content."""
    return address.split("/")[-2]


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


def _box(page, number):
    """The tick box of an attribute on the tab that draws; its name comes from the data."""
    words = toyfaces.ATTRIBUTES[number].replace("_", " ").capitalize()
    return page.locator("#draw-boxes").get_by_label(words, exact=True)


def _number_of(name):
    return toyfaces.ATTRIBUTES.index(name)


HAT, SMILE, BANGS = map(_number_of, ("Wearing_Hat", "Smiling", "Bangs"))


def _how_much(page, prefix="draw"):
    page.locator(f"#{prefix}-how-much > button").click()
    page.locator(f"#{prefix}-{SMILE} input[type=number]").wait_for()


def _with_files(page):
    """The tab that reads, with its controls for files unfolded."""
    page.locator("#own > button").click()
    return page.get_by_role("tabpanel").first


def _until(page, holds):
    """Waits until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


def test_boxes_choices_and_sliders_are_one_state(page):
    tab = page.get_by_role("tabpanel").first
    first = _picture(page, "sample")
    page.locator("#draw-group0").get_by_label("Bald", exact=True).check()
    bald = _picture(page, "sample", first)
    _how_much(page)
    _until(page, lambda: _value(tab, f"draw-{_number_of('Bald')}") == 1)
    _move(page, tab, f"draw-{SMILE}", 2)
    smiling = _picture(page, "sample", bald)
    _until(page, _box(page, SMILE).is_checked)
    _box(page, BANGS).check()  # Nobody is bald and has bangs.
    _picture(page, "sample", smiling)
    _until(page, lambda: _value(tab, f"draw-{_number_of('Bald')}") == -1)
    _until(page, page.locator("#draw-group0").get_by_label("None of these").is_checked)
    assert _value(tab, f"draw-{SMILE}") == 2  # Stays where it was moved to.
    _move(page, tab, f"draw-{_number_of('Gray_Hair')}", 0.5)
    _until(page, page.locator("#draw-group0").get_by_label("Gray", exact=True).is_checked)
    _shoot(page, "draw")


def test_a_link_opens_the_same_picture(page, served):
    first = _picture(page, "sample")
    page.locator("#surprise").click()
    surprising = _picture(page, "sample", first)
    _until(page, lambda: "seed=" in page.url)  # The address carries the state.
    link = page.url
    ticked = page.locator("#draw-boxes input:checked").count()
    page.goto(f"{served}?seed=nonsense&values=1,2&evil=x")  # A stranger's link does no harm,
    _until(page, lambda: not re.search("nonsense|evil", page.url))  # and does not stay.
    assert _digest(_picture(page, "sample")) == _digest(first)
    page.goto(link)
    _until(page, lambda: _digest(_picture(page, "sample")) == _digest(surprising))
    assert page.locator("#draw-boxes input:checked").count() == ticked
    with page.expect_download() as download:
        page.locator("#download").click()
    with Image.open(download.value.path()) as kept:
        assert "seed=" in kept.getexif()[0x010E]  # A picture says how it was made.
    page.locator("#reset").click()
    _until(page, lambda: _digest(_picture(page, "sample")) == _digest(first))


def test_more_pictures_have_the_same_settings(page):
    page.get_by_role("button", name="Six others, and their average").click()
    page.locator("#samples img").nth(5).wait_for()
    assert _picture(page, "average") != _picture(page, "sample")
    first = _picture(page, "sample")
    page.locator("#dice").click()
    _picture(page, "sample", first)


def test_an_example_is_read_and_edited(page):
    page.get_by_role("tab", name="Read and edit").click()
    before, after = _picture(page, "seen"), _picture(page, "edited")
    page.locator("#examples button").nth(2).click()
    _picture(page, "seen", before)
    shown = _picture(page, "edited", after)
    boxes = [page.locator(f"#{name} img").first.bounding_box() for name in ("seen", "edited")]
    assert boxes[0]["width"] == pytest.approx(boxes[1]["width"], abs=1)
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=1)
    tab = page.get_by_role("tabpanel").first
    _how_much(page, "edit")
    _move(page, tab, f"edit-{HAT}", 1 if _value(tab, f"edit-{HAT}") < 0 else -1)
    _picture(page, "edited", shown)


def test_a_walk_is_live_and_becomes_a_gif(page):
    page.get_by_role("tab", name="Walk").click()
    middle = _picture(page, "way")
    _move(page, page.get_by_role("tabpanel").first, "place", 90)
    late = _picture(page, "way", middle)
    page.locator("#surprise-walk").click()
    _picture(page, "way", late)
    page.locator("#animate").click()
    address = _picture(page, "animation")
    with Image.open(io.BytesIO(httpx.get(address).content)) as walk:
        assert walk.format == "GIF"
        assert walk.n_frames > 24, "there and back"
        assert walk.info["loop"] == 0
    _shoot(page, "walk")


def test_a_click_on_the_map_draws_what_lies_there(page):
    page.get_by_role("tab", name="Map").click()
    here = _picture(page, "there")
    box = page.locator("#map img").first.bounding_box()
    page.locator("#map img").first.click(
        position={"x": box["width"] * 0.4, "y": box["height"] * 0.3}
    )
    there = _picture(page, "there", here)
    tab = page.get_by_role("tabpanel").first
    assert _value(tab, "up") > 10
    _move(page, tab, "right", 60)  # And by keyboard.
    _picture(page, "there", there)
    _shoot(page, "map")


SHELLS = "shells"  # A model of several modalities, whose page has the tab that generates.


@pytest.fixture(scope="module", params=[FACES, DIGITS, SHELLS])
def each(request, tmp_path_factory):
    """The page of one model of each kind: its address, and its first tab."""
    model = request.param
    if model == SHELLS:
        model = export_saved_model(shell_model(epochs=0), tmp_path_factory.mktemp("shells"))
    with _demo(tmp_path_factory.mktemp("temporary"), f"--saved_model={model}") as url:
        yield url, "Generate" if request.param == SHELLS else "Draw"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_everybody_can_use_it(each, chromium, size, scheme, request):
    """Every tab, with all that is folded: axe finds nothing, and a picture is in the first view."""
    from axe_playwright_python.sync_playwright import Axe

    axe, (url, first_tab) = Axe(), each
    with _opened(url, chromium, first_tab, size=size, scheme=scheme) as page:
        for name in page.get_by_role("tab").all_inner_texts():
            page.get_by_role("tab", name=name, exact=True).click()
            page.wait_for_timeout(500)
            if name == "Generate":
                page.locator("#give-species").get_by_label("Whelk", exact=True).check()
                _picture(page, "result-photo")
            if name != "About":
                image = page.get_by_role("tabpanel").locator("img:visible").first
                box = image.bounding_box()
                assert box["y"] + min(box["height"], 200) < size[1], name
                assert image.get_attribute("alt")
            if SCREENSHOTS:
                kind = request.node.callspec.params["each"]
                page.screenshot(
                    path=f"{SCREENSHOTS}/{kind}_{name.split()[0]}_{size[0]}_{scheme}.png"
                )
            folded = page.locator("button.label-wrap:not(.open):visible")
            while folded.count():
                folded.first.click()
                page.wait_for_timeout(100)
            # Gradio's place of a picture that is not there yet has a label where none may be.
            empty = page.locator(".empty:visible")
            _until(page, lambda empty=empty: empty.count() == 0)
            page.wait_for_timeout(500)
            found = axe.run(page).response["violations"]
            assert [(x["id"], x["nodes"][0]["html"]) for x in found] == [], name
            assert page.locator("h1").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_on_a_phone_the_picture_stays_in_view(served, chromium):
    with _opened(served, chromium, size=(390, 844)) as page:
        _how_much(page)
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(500)
        assert page.evaluate("scrollY") > 300
        box = page.locator("#sample img").first.bounding_box()
        assert 0 <= box["y"] < 100
        _shoot(page, "phone_scrolled")


def test_a_digit_is_drawn_on_the_pad_and_read(chromium, tmp_path):
    with _demo(tmp_path) as url, _opened(f"{url}/{DIGITS}", chromium) as page:
        zero = _picture(page, "sample")
        assert page.locator("#draw-class").get_by_text("Digit", exact=True).is_visible()
        page.locator("#draw-class").get_by_label("7", exact=True).check()
        seven = _picture(page, "sample", zero)
        page.locator("#surprise").click()
        surprising = _picture(page, "sample", seven)
        _until(page, lambda: page.url == page.locator("#link a").evaluate("link => link.href"))
        assert urlparse(page.url).path == f"/{DIGITS}"
        assert page.title() == "jmvae_tf: models to try"  # Not the name of another model.
        page.reload()  # The address and the link are of this model's page.
        _until(page, lambda: _digest(_picture(page, "sample")) == _digest(surprising))
        page.get_by_role("tab", name="Read and edit").click()
        seen = _picture(page, "seen")
        canvas = page.locator("#pad canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()

        def at(x, y):
            return box["x"] + x * box["width"], box["y"] + y * box["height"]

        page.mouse.move(*at(0.5, 0.2))  # A one.
        page.mouse.down()
        page.mouse.move(*at(0.5, 0.8), steps=8)
        page.mouse.up()
        _picture(page, "seen", seen)
        _until(page, page.locator("#edit-class").get_by_label("1", exact=True).is_checked)
        edited = _picture(page, "edited")
        page.locator("#edit-class").get_by_label("5", exact=True).check()
        _picture(page, "edited", edited)
        _shoot(page, "digit")


def test_a_photograph_by_the_webcam_is_read(page, face):
    page.get_by_role("tab", name="Read and edit").click()
    example = _picture(page, "seen")
    tab = _with_files(page)
    tab.locator("#own input[type=file]").first.set_input_files(face)
    uploaded = _picture(page, "seen", example)
    tab.locator("#own").get_by_text("Or by webcam").click()
    tab.get_by_text("Click to Access Webcam").click()
    video = tab.locator("#own video").first
    for _ in range(300):  # A camera's first frames may be blank.
        if video.evaluate("video => video.currentTime") > 1:
            break
        page.wait_for_timeout(100)
    tab.get_by_label("capture photo").click()
    taken = _picture(page, "seen", uploaded)  # What came last,
    tab.get_by_label("Find and crop the face").check()
    page.get_by_text("A photograph must show a face from the front").first.wait_for()
    tab.get_by_label("Find and crop the face").uncheck()
    assert _digest(_picture(page, "seen")) == _digest(taken)  # and stays if cut another way.
    _shoot(page, "webcam")


def test_an_uploaded_face_is_read_and_edited(page, face):
    page.get_by_role("tab", name="Read and edit").click()
    tab = page.get_by_role("tabpanel").first
    seen, before = _picture(page, "seen"), _picture(page, "edited")
    _with_files(page).locator("#own input[type=file]").first.set_input_files(face)
    _picture(page, "seen", seen)
    before = _picture(page, "edited", before)
    boxes = tab.locator("#edit-boxes")
    glasses = _number_of("Eyeglasses")
    _until(page, boxes.get_by_label("Eyeglasses").is_checked)  # What was read sets the boxes,
    assert not boxes.get_by_label("Wearing hat").is_checked()
    boxes.get_by_label("Wearing hat").check()
    with_hat = _picture(page, "edited", before)
    page.locator("#own > button").click()
    _shoot(page, "edit")  # docs/images/demo.png
    _how_much(page, "edit")
    assert _value(tab, f"edit-{HAT}") == 1
    assert _value(tab, f"edit-{glasses}") > 0
    _move(page, tab, f"edit-{SMILE}", -1)
    _picture(page, "edited", with_hat)
    assert tab.locator("#chart").get_by_text("Eyeglasses").count() == 1


def test_a_file_that_is_no_image_gives_a_message(page, face, tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("no image at all")
    page.get_by_role("tab", name="Read and edit").click()
    tab = _with_files(page)
    tab.locator("#own input[type=file]").first.set_input_files(text)
    page.get_by_text("An image file must be a JPEG or PNG").first.wait_for()
    _shoot(page, "message")
    page.reload()  # The page lives on.
    page.get_by_role("tab", name="Read and edit").click()
    example = _picture(page, "seen")
    _with_files(page).locator("#own input[type=file]").first.set_input_files(face)
    _picture(page, "seen", example)


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
    tab = _with_files(page)
    tab.locator("#own input[type=file]").first.set_input_files(huge)
    page.get_by_text("where the longest side may have 4096").first.wait_for()


def test_a_file_that_is_too_large_gives_a_message(page, tmp_path):
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(11 * 2**20))
    page.get_by_role("tab", name="Read and edit").click()
    tab = _with_files(page)
    tab.locator("#own input[type=file]").first.set_input_files(large)
    page.get_by_text(re.compile("exceeds|too large|maximum", re.IGNORECASE)).first.wait_for()


def test_a_face_of_a_file_is_an_end_of_a_walk(page, face):
    page.get_by_role("tab", name="Walk").click()
    first = _picture(page, "from")
    page.get_by_role("button", name="Choose the first").click()
    page.locator("#choose-from").get_by_role("button", name="Or take a file of yours").click()
    page.locator("#choose-from input[type=file]").first.set_input_files(face)
    _picture(page, "from", first)
    _until(page, page.locator("#from-boxes").get_by_label("Eyeglasses").is_checked)


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
        first = _picture(page, "sample")
        page.locator("#draw-class input:not(:checked)").first.check()
        _picture(page, "sample", first)
        page.get_by_role("tab", name="Read and edit").click()
        seen, edited = _picture(page, "seen"), _picture(page, "edited")
        tab = _with_files(page)
        tab.locator("#own input[type=file]").first.set_input_files(file)
        _picture(page, "seen", seen)
        edited = _picture(page, "edited", edited)
        _until(page, tab.locator("#edit-class").get_by_label("0", exact=True).is_checked)
        tab.locator("#edit-class").get_by_label("5", exact=True).check()
        drawn_again = _picture(page, "edited", edited)
        tab.get_by_label("Change its pixels").check()
        _picture(page, "edited", drawn_again)
        _shoot(page, "redraw")
        page.get_by_role("tab", name="Map").click()
        here = _picture(page, "there")
        page.locator("#map img").first.click(position={"x": 60, "y": 60})
        there = _picture(page, "there", here)  # Decoded.
        page.get_by_role("button", name="Find a file of yours").click()
        page.locator("#found input[type=file]").first.set_input_files(file)
        _picture(page, "there", there)
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
        page.locator("#give-species").get_by_label("Whelk", exact=True).check()
        _picture(page, "result-photo")
        for box, name in (("measures", "weight_g"), ("traits", "striped")):
            found = page.locator(f"#result-{box}").get_by_text(name).locator("visible=true")
            found.first.wait_for()
        assert _text_box(page, "result-note").input_value()
        assert page.locator("#result-species").count() == 0
        _shoot(page, "shells_species")
        page.locator("#give-species").get_by_label("Not given").check()
        _text_box(page, "give-note").fill("a whelk!")
        _says(page, "note must have at most 16 of the letters ")
        _text_box(page, "give-note").fill("large limpet")
        _says(page, "photo and species and traits and measures from note")
        page.locator("#result-species").get_by_text("Whelk").first.wait_for()
        page.locator("input[type=file]").first.set_input_files(shell)
        _picture(page, "seen-photo")
        page.locator("#give-traits").get_by_label("Striped").check()
        page.locator("#give-traits-no").get_by_label("Striped").check()
        _until(page, lambda: not page.locator("#give-traits input:checked").count())
        page.locator("#give-traits").get_by_label("Striped").check()
        _text_box(page, "give-measures-0").fill("55")
        _text_box(page, "give-measures-1").fill("20")
        _says(page, "species from photo and traits and measures and note")
        page.locator("#result-species").get_by_text("Whelk").first.wait_for()
        _shoot(page, "shells_all_but_species")
