"""What `docker run IMAGE ...` does with what follows; tests/cli/test_container.py has it without an image."""

import pytest

from docker.release.engine import Engine, Output

pytestmark = pytest.mark.docker


def docker_run(engine: Engine, image: str, *words: str) -> Output:
    return engine.attempt("run", "--rm", "--network", "none", image, *words)


def test_whoami_is_the_user_of_the_image(engine: Engine, image: str) -> None:
    assert docker_run(engine, image, "whoami") == Output(0, "appuser\n", "")


def test_a_program_has_the_first_process_and_its_exit_code(engine: Engine, image: str) -> None:
    assert docker_run(engine, image, "sh", "-c", "echo $$; exit 7") == Output(7, "1\n", "")
    assert docker_run(engine, image, "python", "-c", "import facecraft; print(1 + 1)").stdout == "2\n"


def test_commands_and_options_are_facecrafts(engine: Engine, image: str) -> None:
    assert docker_run(engine, image, "--version").stdout.startswith("facecraft ")
    assert "badge" in docker_run(engine, image, "presets").stdout


def test_no_module_of_the_working_folder_is_imported(engine: Engine, image: str) -> None:
    trap = "cd /data/cache && echo 'raise SystemExit(9)' > typing.py && cp typing.py facecraft.py && "
    command = trap + "python -P -m facecraft.cli.container --version"
    assert docker_run(engine, image, "sh", "-c", command).code == 0


def test_a_mistyped_command_lists_the_commands(engine: Engine, image: str) -> None:
    result = docker_run(engine, image, "serv")
    assert result.code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("facecraft: usage_error: 'serv' is no command of Facecraft, and no program")
    assert "Did you mean 'serve'?" in line


def test_sigterm_ends_a_command_that_is_no_server_at_once(engine: Engine, image: str) -> None:
    with engine.container(
        image, "-e", "FACECRAFT_DEVICE=cpu", command=("bench", "--requests", "100000")
    ) as bench:
        bench.wait_for("begun", lambda: len(engine.text("top", bench.name).splitlines()) > 2 or None, 60)
        engine.run("stop", "-t", "30", bench.name)
        assert bench.state()["ExitCode"] == 143
