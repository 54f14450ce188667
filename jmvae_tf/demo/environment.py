"""The environment of the page's process."""

import os

_OF_A_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # Besides the proxies' variables.


def settle_environment(uploads: str) -> None:
    """Sets environment variables of the page's libraries; call it before importing them.

    Args:
      uploads: the folder in which they may store uploads and displayed files.
    """
    for name in list(os.environ):
        # The first ones would publish the page, or show other files to its users. The others are
        # for connections to other hosts, which the page never makes, and unsupported values would
        # prevent the start.
        if name.startswith("GRADIO_") or name.upper().endswith("_PROXY") or name in _OF_A_NETWORK:
            del os.environ[name]
    os.environ |= {
        "GRADIO_TEMP_DIR": uploads,
        # No telemetry, neither of the page's library nor of its dependencies.
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        # No statistics of calls, since nobody reads them.
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62),
    }
