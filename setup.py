"""Adds to the wheel what is no module; all else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["jmvae_tf*"]), "jmvae_tf.shipped"],
    package_dir={"jmvae_tf.shipped": "saved_models/shipped"},
    package_data={
        "jmvae_tf": ["py.typed", "demo/static/*", "reporting/figures/*.mplstyle"],
        "jmvae_tf.shipped": ["*/card.json", "*/README.md", "*/[0-9]*/**"],
    },
)
