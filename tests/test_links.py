import pytest

from facecraft.links import find_links

LINKS = {
    # Kubernetes, beside a Service named facecraft
    "FACECRAFT_SERVICE_HOST": "10.96.12.7",
    "FACECRAFT_SERVICE_PORT": "8000",
    "FACECRAFT_SERVICE_PORT_HTTP": "8000",
    "FACECRAFT_PORT": "tcp://10.96.12.7:8000",
    "FACECRAFT_PORT_8000_TCP": "tcp://10.96.12.7:8000",
    "FACECRAFT_PORT_8000_TCP_ADDR": "10.96.12.7",
    "FACECRAFT_PORT_8000_TCP_PORT": "8000",
    "FACECRAFT_PORT_8000_TCP_PROTO": "tcp",
    # and facecraft-gpu, over IPv6
    "FACECRAFT_GPU_SERVICE_HOST": "fd00::7",
    "FACECRAFT_GPU_SERVICE_PORT_METRICS": "9000",
    "FACECRAFT_GPU_PORT": "tcp://[fd00::7]:9000",
    "FACECRAFT_GPU_PORT_53_UDP_ADDR": "fd00::7",
    # Docker, with --link facecraft and --link facecraft-gpu
    "FACECRAFT_NAME": "/web/facecraft",
    "FACECRAFT_ENV_PYTHONUNBUFFERED": "1",
    "FACECRAFT_PORT_8000_TCP_PORT_START": "8000",
    "FACECRAFT_GPU_NAME": "/web/facecraft-gpu",
}
OTHERS = {
    "FACECRAFT_PORTS": "8000",
    "FACECRAFT_GPU_PORT": "8000",
    "FACECRAFT_NAME": "anna",
    "FACECRAFT_SERVICE": "on",
    "FACECRAFT_PORT_TCP": "8000",
    "FACECRAFT_MAX_PIXEL": "tcp://10.96.12.7:8000",
}


ALONE = {
    "FACECRAFT_ENV_API_KEYS": "secret",
    "FACECRAFT_SERVICE_HOST": "10.0.0.9",
    "FACECRAFT_SERVICE_PORT": "9",
    "FACECRAFT_PORT_8000_TCP_PORT": "9",
}


def test_what_kubernetes_and_docker_make_is_a_link() -> None:
    assert find_links(LINKS) == set(LINKS)


def test_it_is_one_as_well_where_the_port_is_set_anew() -> None:
    variables = {**LINKS, "FACECRAFT_PORT": "1234"}
    assert find_links(variables) == LINKS.keys() - {"FACECRAFT_PORT"}


@pytest.mark.parametrize(("name", "value"), (OTHERS | ALONE).items())
def test_what_a_person_mistyped_is_none(name: str, value: str) -> None:
    assert find_links({name: value}) == set()


def test_names_alone_make_no_links_nor_does_another_service() -> None:
    assert find_links(ALONE) == set()
    other = {"FACECRAFT_GPU_PORT": "tcp://10.96.12.7:8000", "FACECRAFT_GPU_NAME": "/web/gpu"}
    assert find_links(ALONE | other) == set(other)
