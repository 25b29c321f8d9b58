"""`facecraft selftest`: check the installation."""

from facecraft.cli.load import lock_of


def selftest() -> int:
    """Import every module, load every installed model, and process a picture."""
    from facecraft.checks import selftest as checks  # noqa: PLC0415  # it imports torch
    from facecraft.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    for line in checks.run(settings, lock_of(settings)):
        print(line)
    return 0
