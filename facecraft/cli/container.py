"""What an image runs: Facecraft, or another program of the image, as in `docker run IMAGE sh`.

The first word is a command of Facecraft, an option, or the name of a program. A program replaces this
process: it gets the signals, and its exit code is the container's.
"""

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches

WRONG_USAGE = 2
TERMINATED = 128 + signal.SIGTERM


def run(words: Sequence[str]) -> int:
    """Run what `docker run IMAGE` got. It returns only if that is Facecraft, or cannot be run.

    Returns:
        The exit code: Facecraft's own, or 2 if there is neither such a command nor such a program.
    """
    # The first process of a container ignores signals without a handler. The next line takes a moment.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    from facecraft.cli.app import NAMES, print_error  # noqa: PLC0415
    from facecraft.cli.main import main  # noqa: PLC0415

    commands = f"The commands are {', '.join(NAMES)}; see `facecraft --help`."
    if not words or words[0].startswith("-") or words[0] in NAMES:
        return main(words)
    program = shutil.which(words[0])
    if program is not None:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and what replaces it would inherit that
            signal.signal(ignored, signal.SIG_DFL)
        try:
            os.execv(program, list(words))  # noqa: S606  # a program of the user's choice is what this is for
        except OSError as error:
            print_error("usage_error", f"{program} cannot be run: {error.strerror}.", commands)
            return WRONG_USAGE
    near = get_close_matches(words[0], NAMES, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    detail = f"{words[0]!r} is no command of Facecraft, and no program in this image.{meant}"
    print_error("usage_error", detail, commands)
    return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
