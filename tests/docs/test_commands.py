"""Every command that a document shows exists, and every `curl` line does what it shows."""

import base64
import importlib.util
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.docs.conftest import KEY, Serve, environment
from tests.docs.documents import ROOT, Command, commands

COMMANDS = commands()
MAKEFILE = (ROOT / "Makefile").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
IMAGES = {"djok/facecraft:cpu", "djok/facecraft:gpu", "facecraft:cpu", "facecraft:gpu"}
FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
PROGRAMS_OF_AN_IMAGE = {"whoami", "sh"}
TAKES_A_VALUE = ("-p", "-e", "--gpus", "--network", "--cap-drop", "--security-opt", "-v")


def of(program: str) -> list[Command]:
    return [each for each in COMMANDS if each.words[:1] == (program,)]


def test_every_program_is_one_whose_commands_are_checked() -> None:
    checked = {"curl", "docker", "facecraft", "make", "pip", "python"}
    unchecked = {"apt-get", "git", "gzip", "mkdir", "sudo"}  # nothing of this project is in their arguments
    assert {each.words[0] for each in COMMANDS} <= checked | unchecked


# curl


@dataclass
class Curl:
    """What a `curl` line asks for."""

    path: str = ""
    form: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    output: str | None = None

    @classmethod
    def read(cls, words: tuple[str, ...]) -> "Curl":
        curl, rest = cls(), iter(words[1:])
        for word in rest:
            if word == "-F":
                name, _, value = next(rest).partition("=")
                curl.form.append((name, value))
            elif word == "-H":
                name, _, value = next(rest).partition(": ")
                curl.headers[name] = value
            elif word == "--data-binary":
                curl.body = next(rest).removeprefix("@")
            elif word == "-o":
                curl.output = next(rest)
            elif re.match(r"(http://)?localhost:\d+/", word):
                curl.path = "/" + word.partition("localhost:")[2].partition("/")[2]
            else:
                raise AssertionError(f"curl {word}")
        return curl

    def send(self, port: int, photo: bytes) -> httpx.Response:
        url = f"http://127.0.0.1:{port}{self.path}"
        files = [(name, (value[1:], photo)) for name, value in self.form if value.startswith("@")]
        fields = {name: value for name, value in self.form if not value.startswith("@")}
        with httpx.Client(trust_env=False, timeout=300, headers=self.headers) as client:
            if self.body is not None:
                return client.post(url, content=self._content(photo))
            return client.post(url, data=fields, files=files) if self.form else client.get(url)

    def _content(self, photo: bytes) -> bytes:
        """The file that is the body: a photo, or JSON with one."""
        assert self.body is not None
        if Path(self.body).suffix != ".json":
            return photo
        return json.dumps({"preset": "badge", "file": base64.b64encode(photo).decode()}).encode()


def assert_is_what_its_name_says(content: bytes, name: str) -> None:
    suffix = Path(name).suffix
    if suffix == ".zip":
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    elif suffix == ".json":
        assert content.startswith(b"{")
    else:
        assert Image.open(io.BytesIO(content)).format == FORMATS[suffix]


@pytest.mark.parametrize("command", of("curl"), ids=str)
def test_a_curl_line_does_what_it_shows(command: Command, serve: Serve, photo: bytes) -> None:
    curl = Curl.read(command.words)
    with_key = any(KEY in value for value in curl.headers.values())
    response = curl.send(serve(api_keys=KEY) if with_key else serve(), photo)
    assert response.status_code == httpx.codes.OK, response.text
    if curl.output is not None:
        assert_is_what_its_name_says(response.content, curl.output)
    elif curl.path.startswith("/process"):
        assert response.json()["image"]["base64"]


# facecraft


@cache
def help_of(*command: str) -> str:
    wide = environment({}) | {"COLUMNS": "300", "TERMINAL_WIDTH": "300", "NO_COLOR": "1"}
    line = [sys.executable, "-m", "facecraft", *command, "--help"]
    return subprocess.run(line, env=wide, capture_output=True, text=True, check=True, timeout=120).stdout


def assert_facecraft_takes(words: tuple[str, ...]) -> None:
    command, arguments = words[:1], words[1:]
    if words[0] == "models" and arguments[:1] and not arguments[0].startswith("-"):
        command, arguments = words[:2], words[2:]
    if words[0].startswith("-") or words[0].isupper():  # facecraft --help, and COMMAND in the text
        assert words[-1] in ("--help", "--version")
        return
    text = help_of(*command)
    for option in (word for word in arguments if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), option


@pytest.mark.parametrize("command", of("facecraft"), ids=str)
def test_a_facecraft_line_is_one_that_it_takes(command: Command) -> None:
    assert_facecraft_takes(command.words[1:])


# docker


def assert_setting_exists(assignment: str) -> None:
    assert f"{assignment.partition('=')[0]}:" in COMPOSE


def check_run(words: list[str]) -> None:
    """`docker run`: the image is ours, its settings exist, and its command is facecraft's or a program."""
    while words and words[0].startswith("-"):
        option = words.pop(0)
        value = words.pop(0) if option in TAKES_A_VALUE else ""
        if option == "-e":
            assert_setting_exists(value)
    if not words:  # in the text, a line without its end
        return
    assert words[0] in IMAGES
    if words[1:] and words[1] not in PROGRAMS_OF_AN_IMAGE:
        assert_facecraft_takes(tuple(words[1:]))


def check_compose(words: list[str]) -> None:
    if words[0] == "--profile":
        assert f"profiles: [{words[1]}]" in COMPOSE
        del words[:2]
    assert words[0] in ("build", "up", "down", "cp", "logs")
    for volume in (word.partition(":")[2] for word in words if word.startswith("watch:")):
        folder = re.match(r"/data/\w+", volume)
        assert folder is not None
        assert folder[0] in COMPOSE


DOCKER: dict[str, Callable[[list[str]], None]] = {
    "run": check_run,
    "compose": check_compose,
    "save": lambda words: check_run(words[:1]),
    "load": lambda words: None,
    "build": lambda words: None,
}


@pytest.mark.parametrize("command", of("docker"), ids=str)
def test_a_docker_line_names_what_there_is(command: Command) -> None:
    for assignment in command.variables:
        assert f"${{{assignment.partition('=')[0]}:-" in COMPOSE
    DOCKER[command.words[1]](list(command.words[2:]))


# make, python, pip


@pytest.mark.parametrize("command", of("make"), ids=str)
def test_a_make_line_has_a_target_and_variables_that_there_are(command: Command) -> None:
    for word in command.words[1:]:
        name, assigned, _ = word.partition("=")
        if assigned:
            assert re.search(rf"\$\(({name}|or \${name}|if \$\({name})\b", MAKEFILE), word
        else:
            assert re.search(rf"^[\w -]*\b{re.escape(name)}\b[\w -]*:", MAKEFILE, re.MULTILINE), word


@pytest.mark.parametrize("command", of("python"), ids=str)
def test_a_python_line_names_a_module_or_file_that_there_is(command: Command) -> None:
    if command.words[1] == "-m":
        assert importlib.util.find_spec(command.words[2]) is not None
    else:
        assert (ROOT / command.words[1]).is_file()


@pytest.mark.parametrize("command", of("pip"), ids=str)
def test_a_pip_line_names_an_extra_that_there_is(command: Command) -> None:
    extra = re.search(r"facecraft\[(\w+)\]", " ".join(command.words))
    if extra is not None:
        assert f"\n{extra[1]} = [" in (ROOT / "pyproject.toml").read_text()
