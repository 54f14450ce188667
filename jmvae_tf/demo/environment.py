"""The environment of the page's process."""

import os

_OF_A_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # And the names of proxies.


def settle_environment(uploads: str) -> None:
    """Sets what the page's libraries read from the environment; call it before importing them.

    Args:
      uploads: the folder in which they may keep what is uploaded and shown.
    """
    for name in list(os.environ):
        # The first share the page with the world, or other files with its users. The others are
        # for connections to elsewhere, of which there are none, and stop the start where they are
        # not of the kind that the libraries know.
        if name.startswith("GRADIO_") or name.upper().endswith("_PROXY") or name in _OF_A_NETWORK:
            del os.environ[name]
    os.environ |= {
        "GRADIO_TEMP_DIR": uploads,
        # No call home: neither of the page's library nor of those below it.
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        # Statistics of calls, which nobody sees: none are kept, and none made at every call.
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62),
    }
