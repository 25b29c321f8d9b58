import pytest

from facecraft.links import is_link

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


@pytest.mark.parametrize(("name", "value"), LINKS.items())
def test_what_kubernetes_and_docker_make_is_a_link(name: str, value: str) -> None:
    assert is_link(name, value)


@pytest.mark.parametrize(("name", "value"), OTHERS.items())
def test_what_a_person_mistyped_is_none(name: str, value: str) -> None:
    assert not is_link(name, value)
