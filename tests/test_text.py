import pytest

from facecraft.text import printable


@pytest.mark.parametrize("text", ["", "anna.jpg", "naïve 写真 (2).jpeg", "C:\\photos\\me.jpg", "🙂"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nINFO forged", r"a\nINFO forged"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("photo\u202egnp.exe", r"photo\u202egnp.exe"),
        ("\u2066a\u2069\u200b\ufeff", r"\u2066a\u2069\u200b\ufeff"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\udcff.jpg", r"\udcff.jpg"),
    ],
    ids=ascii,
)
def test_what_could_change_a_log_or_a_terminal_comes_out_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
