import ast
from pathlib import Path

import pytest

import facecraft
from facecraft.errors import SettingInvalid
from facecraft.settings import PREFIX, Settings
from tests.test_links import LINKS


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_PORT", "1234")
    assert Settings.load().port == 1234


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_PORT", "")
    assert Settings.load().port == 8000


def test_an_unknown_name_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_MAX_PIXEL", "1")
    with pytest.raises(
        SettingInvalid, match="no variable FACECRAFT_MAX_PIXEL; did you mean FACECRAFT_MAX_PIXELS"
    ):
        Settings.load()


def test_links_to_other_services_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LINKS.items():
        monkeypatch.setenv(name, value)
    assert Settings.load().port == 8000
    monkeypatch.setenv("FACECRAFT_PORT", "1234")
    assert Settings.load().port == 1234
    monkeypatch.setenv("FACECRAFT_SERVICE_HOTS", "10.96.12.7")
    with pytest.raises(SettingInvalid, match="no variable FACECRAFT_SERVICE_HOTS"):
        Settings.load()


@pytest.mark.parametrize(
    "name", ["FACECRAFT_SERVICE_HOST", "FACECRAFT_SERVICE_PORT", "FACECRAFT_ENV_API_KEYS"]
)
def test_what_only_has_the_name_of_a_link_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "9")
    with pytest.raises(SettingInvalid, match=f"no variable {name}"):
        Settings.load()


def test_an_address_is_no_port_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_PORT", "http://10.96.12.7:8000")
    with pytest.raises(SettingInvalid, match="FACECRAFT_PORT is wrong"):
        Settings.load()


def test_a_value_outside_its_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_PORT", "70000")
    with pytest.raises(SettingInvalid, match="FACECRAFT_PORT"):
        Settings.load()


def test_a_refused_value_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_LOG_LEVEL", "s3cret")
    with pytest.raises(SettingInvalid) as caught:
        Settings.load()
    assert "s3cret" not in caught.value.detail


def test_keys_are_split_at_commas_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_API_KEYS", "one, two,")
    settings = Settings.load()
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert "two" not in repr(settings)


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32,")
    assert list(map(str, Settings.load().trusted_proxies)) == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.0/33", "10.0.0.1/8", "*"])
def test_a_proxy_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FACECRAFT_TRUSTED_PROXIES", f"10.0.0.0/8,{value}")
    with pytest.raises(SettingInvalid, match="FACECRAFT_TRUSTED_PROXIES is wrong: value is not a valid"):
        Settings.load()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1  # type: ignore[misc]


def test_every_variable_is_read_somewhere() -> None:
    read: set[str] = set()
    for path in Path(facecraft.__file__).parent.rglob("*.py"):
        if path.name == "settings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                owner = ast.unparse(node.value)
                if owner.split(".")[-1].lstrip("_") == "settings":
                    read.add(node.attr)
    assert set(Settings.model_fields) <= read
