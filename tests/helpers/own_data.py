"""Small folders as users have them."""

import cv2
import numpy as np

SPECIES = ("cockle", "limpet", "whelk")


def write_image(path, size=(12, 20), seed=0, grey=False):
    """Writes a photograph of height and width; its suffix decides on the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(60, 200, (*size, 1 if grey else 3)).astype(np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def write_shells(folder, number=40):
    """Writes photographs and `metadata.csv` with one column of each kind, without gaps."""
    rng = np.random.default_rng(1)
    rows = ["file_name,species,striped,length_mm,weight_g,note"]
    for i in range(number):
        write_image(folder / "photos" / f"{i}.png", seed=i)
        species, striped = SPECIES[i % 3], ("yes", "no")[i % 2]
        length, weight = rng.uniform(10, 60), rng.uniform(0.1, 9)
        rows.append(f"photos/{i}.png,{species},{striped},{length:.2f},{weight:.3f},found {i}")
    write_table(folder, rows)
    return folder


def write_table(folder, rows, name="metadata.csv"):
    """Writes lines of text as a table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes("\n".join([*rows, ""]).encode())
    return path


def read_rows(folder):
    """Reads the lines of its table, to be changed."""
    return (folder / "metadata.csv").read_text("utf-8").splitlines()


def write_frame(frame, path):
    """Writes a data frame in the format that the ending of its path names."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
