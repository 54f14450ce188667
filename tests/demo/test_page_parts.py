"""Parts of the page by themselves: links, words, attributes that exclude each other, the map."""

import socket

import numpy as np
import pytest

from jmvae_tf.demo import latent_map
from jmvae_tf.demo.address import listen
from jmvae_tf.demo.exclusive import exclusive_groups, exclusive_pairs, title_and_choices
from jmvae_tf.demo.link import LARGEST_SEED, LinkedState, query_of, state_in
from jmvae_tf.demo.plain_words import distinct_words, words_of
from jmvae_tf.export_format.latent_plane import principal_plane


def test_answers_do_not_wait_for_acknowledgements():
    with listen("127.0.0.1", 0) as listening:
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def _query(link):
    return dict(part.split("=") for part in link.removeprefix("?").split("&"))


def test_a_link_says_what_is_set():
    values = np.array([-1, 0.25, 1e-9, 3], np.float32)
    link = query_of(LinkedState(7, values))
    assert link == "?seed=7&values=-1,0.25,0,3"
    state = state_in(_query(link), 4)
    assert state.seed == 7
    np.testing.assert_allclose(state.values, values, atol=0.005)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"seed": "7"},
        {"values": "1,2,3"},
        {"values": "1,nan"},
        {"values": "1,1e5"},
        {"values": "1,--2"},
        {"values": "1,"},
        {"values": "1,٣"},
        {"values": "1,2\n"},
        {"values": "1," * 9999 + "2"},
        {"values": "1,2", "seed": str(LARGEST_SEED + 1)},
        {"values": "<script>"},
    ],
)
def test_other_links_say_nothing(query):
    assert state_in(query, 2) is None


def test_a_link_with_a_wrong_seed_has_none():
    assert state_in({"values": "1,2", "seed": "-1"}, 2).seed == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Smiling", "Smiling"),
        ("Mouth_Slightly_Open", "Mouth slightly open"),
        ("length_mm", "Length mm"),
        ("has_DNA", "Has DNA"),
        ("5_o_Clock_Shadow", "5 o clock shadow"),
        ("é", "É"),
        ("_", "_"),
    ],
)
def test_names_become_words(name, words):
    assert words_of(name) == words


def test_names_that_become_the_same_words_stay_as_they_are():
    assert distinct_words(["a_b", "c"]) == ["A b", "C"]
    assert distinct_words(["a_b", "a b"]) == ["a_b", "a b"]


def _examples():
    """People with at most one of three colours, or a hat, and glasses independently."""
    generator = np.random.default_rng(0)
    which = generator.integers(5, size=1000)
    has = which[:, np.newaxis] == [0, 1, 2, 3]
    return np.concatenate([has, generator.random((1000, 2)) < [0.5, 0.005]], axis=1)


def test_attributes_that_are_never_together_exclude_each_other():
    pairs = exclusive_pairs(_examples())
    assert (pairs == pairs.T).all()
    assert pairs[:4, :4].sum() == 12
    assert not pairs[4:].any()  # Independent, or too rare to know.
    assert exclusive_groups(pairs) == [[0, 1, 2, 3]]
    assert exclusive_groups(pairs[3:, 3:]) == []
    assert exclusive_pairs(np.zeros((0, 3), bool)).sum() == 0


def test_some_errors_of_reading_do_not_hide_it():
    has = _examples()
    has[0, :2] = True
    assert exclusive_pairs(has)[0, 1]
    has[:20, :2] = True
    assert not exclusive_pairs(has)[0, 1]


def test_a_group_has_a_title():
    names = ["Bald", "Black_Hair", "Blond_Hair", "Gray_Hair"]
    assert title_and_choices(names) == ("Hair", ["Bald", "Black", "Blond", "Gray"])
    assert title_and_choices(["whelk", "limpet"]) == ("One of these", ["Whelk", "Limpet"])
    assert title_and_choices(["red", "not_red", "red_red"])[1] == ["Red", "Not", "Red"]


@pytest.mark.parametrize("dimensions", [1, 2, 3, 20])
def test_the_map_shows_where_examples_differ_most(dimensions):
    generator = np.random.default_rng(0)
    latent = generator.normal(size=(500, dimensions)).astype(np.float32)
    latent[:, -1] *= 9
    square = latent_map.MapSquare(principal_plane(latent), latent)
    assert np.mean(np.abs(square.places) <= 1) > 0.99
    shown = [np.corrcoef(x, latent[:, -1])[0, 1] for x in square.places.T if x.std() > 0]
    assert np.abs(shown).max() > 0.99
    place = square.places[3]
    [back] = square.to_places(square.to_latent(place)[np.newaxis])
    np.testing.assert_allclose(back, place, atol=1e-5)
    assert square.nearest(place) == 3


def test_examples_that_are_all_the_same_have_a_map():
    same = np.ones((5, 3), np.float32)
    square = latent_map.MapSquare(principal_plane(same), same)
    np.testing.assert_allclose(square.to_latent((0.0, 0.0))[:2], 1, atol=1e-5)


def test_a_click_is_where_the_dot_is():
    places = np.array([[0.5, 0.25], [-1.0, 1.0]])
    drawn = latent_map.draw_dots(places, np.array([0, 1]))
    x, y = latent_map.to_pixel(places[0])
    assert drawn[round(y), round(x)].tolist() == [*latent_map.colours(2)[0], 255]
    np.testing.assert_allclose(latent_map.to_place((x, y)), places[0])
    assert latent_map.to_place((-5, 10**6)) == (-1, -1)
    marked = latent_map.mark(drawn, places[0])
    assert marked[round(y), round(x)].tolist() == [0, 0, 0, 255]
    assert drawn[240, 240, 3] == 0  # No background.


pytest.importorskip("gradio", reason="the page's requirements are not installed")

from PIL import Image  # noqa: E402

from jmvae_tf.demo import pad, pictures  # noqa: E402
from jmvae_tf.export_format.modalities_json import DescribedModality  # noqa: E402

GREY = DescribedModality("image", (2, 2, 1), (-1.0, 1.0), "image", (), None)


def test_the_pad_gives_an_image():
    assert pad.has_pad(GREY)
    image = pad.image_on_pad("00ff80ff", GREY)
    np.testing.assert_allclose(image[..., 0], [[-1, 1], [0.004, 1]], atol=1e-3)
    for nothing in ("", "00000000", "00ff80f", "00ff80ff00", "00ff80fg", "00FF80FF", "00ff80ff\n"):
        assert pad.image_on_pad(nothing, GREY) is None


@pytest.mark.parametrize(("channels", "ending"), [(1, "jpeg"), (3, "jpeg"), (4, "png")])
def test_a_picture_says_how_it_was_made(channels, ending, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    modality = DescribedModality("photo", (4, 8, channels), (0.0, 1.0), "image", (), None)
    path = pictures.save_picture(np.ones((4, 8, channels)), modality, "faces-7", "?seed=7")
    assert path.endswith(f"faces-7.{ending}")
    assert path.startswith(str(tmp_path))
    with Image.open(path) as picture:
        assert picture.size == (448, 224)
        about = picture.info.get("Description") or picture.getexif()[0x010E]
    assert about == "?seed=7"


def test_a_picture_of_a_walk_has_white_where_nothing_is():
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0]]], np.uint8)
    assert pictures.on_white(pixels).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    assert pictures.on_white(pixels[..., :3]).tolist() == [[[10, 20, 30]] * 2]
