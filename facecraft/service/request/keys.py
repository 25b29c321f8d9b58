"""The API keys of the service: those of FACECRAFT_API_KEYS and those of FACECRAFT_API_KEYS_FILE."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from facecraft.errors import SettingInvalid

if TYPE_CHECKING:
    from facecraft.settings import Settings

HINT = "Give it one key a line, in UTF-8, and let this process read it; or unset FACECRAFT_API_KEYS_FILE."


def read_keys(settings: "Settings") -> tuple[SecretStr, ...]:
    """Every key, each once. Empty: no request needs one.

    Raises:
        SettingInvalid: the file cannot be read, or has no key. A service that was meant to be closed must
            not be open.
    """
    keys = settings.api_keys
    if settings.api_keys_file is not None:
        keys += _in_file(settings.api_keys_file)
    return tuple(dict.fromkeys(keys))


def _in_file(path: Path) -> tuple[SecretStr, ...]:
    try:
        text = path.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
    except OSError as error:
        detail = f"FACECRAFT_API_KEYS_FILE is wrong: {path} cannot be read: {error.strerror}."
        raise SettingInvalid(detail, hint=HINT) from error
    except UnicodeDecodeError:  # its message would have a part of a key
        detail = f"FACECRAFT_API_KEYS_FILE is wrong: {path} is not text in UTF-8."
        raise SettingInvalid(detail, hint=HINT) from None
    lines = map(str.strip, text.splitlines())
    keys = tuple(SecretStr(line) for line in lines if line and not line.startswith("#"))
    if not keys:
        raise SettingInvalid(f"FACECRAFT_API_KEYS_FILE is wrong: {path} has no key.", hint=HINT)
    return keys
