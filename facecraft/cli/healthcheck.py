"""`facecraft healthcheck`: ask whether the server on this machine is ready."""

import json
import sys
import urllib.error
import urllib.request

from facecraft.errors import SettingInvalid

TIMEOUT_S = 5
LOCAL = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
"""Addresses to use for a server that listens on all of them."""


def healthcheck() -> int:
    """Ask the server on FACECRAFT_PORT whether it is ready; the exit code is 0 if it is, else 1."""
    from facecraft.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    if settings.port == 0:
        raise SettingInvalid(
            "FACECRAFT_PORT is 0, so the port is unknown.", hint="Set it to the server's port."
        )
    url = f"http://{LOCAL.get(settings.host, settings.host)}:{settings.port}/ready"
    # No proxy: it would answer instead of the server on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as response:
            print(f"ready: {json.load(response)['device']}")
    except urllib.error.HTTPError as error:
        print(f"not ready: {json.load(error).get('detail', error.reason)}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"no answer from {url}: {error}", file=sys.stderr)
        return 1
    return 0
