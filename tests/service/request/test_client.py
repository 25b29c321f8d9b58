"""The address of a client, behind proxies that are trusted and others."""

import pytest

from facecraft.service.request.client import client_address
from facecraft.settings import Settings
from tests.service.conftest import Serve, request_lines

TRUSTED = "10.0.0.0/8, 192.0.2.7, 2001:db8:1::/48"


def address(peer: str | None, *forwarded: str, trusted: str = TRUSTED) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope = {"type": "http", "client": None if peer is None else (peer, 50_000), "headers": headers}
    return client_address(scope, Settings.model_validate({"trusted_proxies": trusted}).trusted_proxies)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody whom we know has written it
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.7", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.8", ["198.51.100.1"], "192.0.2.8"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the client made up the first
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1, 10.9.9.9,192.0.2.7"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.1", "10.9.9.9"], "198.51.100.1"),  # lines are one list
        ("10.1.2.3", ["10.4.4.4, 10.5.5.5"], "10.4.4.4"),
        ("10.1.2.3", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.2.3", ["[2001:db8:2::1]:4711"], "2001:db8:2::1"),
        ("10.1.2.3", ["2001:DB8:2:0::1"], "2001:db8:2::1"),
        ("2001:db8:1::5", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),  # as a socket of both families has it
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("10.1.2.3", ["1.1.1.1, unknown"], "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1, "], "10.1.2.3"),
        ("10.1.2.3", ["a\x1b[31m"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1%\x1b[31m"], "198.51.100.1"),
        ("testclient", ["198.51.100.1"], "-"),
        (None, ["198.51.100.1"], "-"),
    ],
)
def test_it_is_read_from_the_right_as_far_as_proxies_are_trusted(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert address(peer, *forwarded) == expected


def test_nobody_is_trusted_unless_named() -> None:
    assert address("127.0.0.1", "198.51.100.1", trusted="") == "127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, "127.0.0.1"), ({"trusted_proxies": "127.0.0.0/8"}, "198.51.100.1")],
    ids=str,
)
def test_the_log_has_it_by_the_setting_alone(
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    expected: str,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # of uvicorn
    client = serve(**settings)
    with caplog.at_level("INFO", "facecraft.request"):
        client.get("/models", headers={"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2"})
        (line,) = request_lines(caplog, 1)
    assert vars(line)["client"] == expected
