"""Text from outside, made safe for a line of a log or of a terminal."""


def printable(text: str) -> str:
    r"""The text on one line, of visible characters.

    Names of files and texts of clients may hold line ends, escape sequences of terminals, and marks that are
    invisible or turn the direction of text. Each of them comes out as an escape: `\n`, `\x1b`, `\u202e`.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
