import pytest

from jmvae_tf.data.own.layout import Listing


@pytest.fixture
def listing(tmp_path):
    (tmp_path / "root" / "photos").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for path in ("root/photos/a.png", "root/b.png", "outside/c.png"):
        (tmp_path / path).write_bytes(b"12345")
    (tmp_path / "root" / "away").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "photos" / "out.png").symlink_to(tmp_path / "outside" / "c.png")
    (tmp_path / "root" / "photos" / "in.png").symlink_to(tmp_path / "root" / "b.png")
    return Listing(tmp_path / "root")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("photos/a.png", "photos/a.png"),
        ("./photos//a.png", "photos/a.png"),
        ("photos/../b.png", "b.png"),
        ("photos\\a.png", "photos/a.png"),
        ("../outside/c.png", None),
        ("photos/../../outside/c.png", None),
        ("..\\outside\\c.png", None),
        ("..", None),
        ("", None),
        ("/etc/passwd", None),
        ("a\0b", None),
        ("a" * 5000, None),
    ],
)
def test_names_that_lead_elsewhere_become_no_path(listing, name, plain):
    assert listing.plain(name) == plain


def test_an_absolute_path_below_the_folder_is_a_name_in_it(listing):
    assert listing.plain(f"{listing.root}/photos/a.png") == "photos/a.png"


def test_letters_with_marks_are_found_however_they_are_written(listing):
    one, two = "photos/\u00fc.png", "photos/u\u0308.png"
    (listing.root / two).write_bytes(b"1")
    assert listing.plain(one) == listing.plain(two) == two
    assert listing.plain("photos/\u00e4.png") == "photos/\u00e4.png"


def test_only_files_of_the_folder_are_seen(listing):
    assert listing.state("photos/a.png")[0] == 5
    assert listing.state("photos/in.png")[0] == 5
    for name in ("photos/out.png", "away/c.png", "photos", "none/a.png"):
        assert listing.state(name) is None
    assert listing.leads_elsewhere("away/c.png")
    assert not listing.leads_elsewhere("photos/none.png")
