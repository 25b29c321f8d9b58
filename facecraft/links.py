"""Variables that Kubernetes and Docker make of the names of other services.

Kubernetes gives these to every pod, for each Service of its namespace; Docker's old links give some of them
to a container. Beside a service named facecraft or facecraft-gpu they start with FACECRAFT_, and are no
settings:

    FACECRAFT_SERVICE_HOST, FACECRAFT_SERVICE_PORT, FACECRAFT_SERVICE_PORT_HTTP
    FACECRAFT_PORT=tcp://10.96.12.7:8000
    FACECRAFT_PORT_8000_TCP, and the same with _ADDR, _PORT, _PROTO and others at its end
    FACECRAFT_NAME=/web/facecraft, FACECRAFT_ENV_PATH (Docker)
"""

import re

ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+:\d+")
CONTAINER = re.compile(r"/\S+/\S+")
SERVICE = r"FACECRAFT_(\w+_)?"
"""How the names begin: with ours, or with that of a service that begins like ours."""
NAMES = re.compile(SERVICE + r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?|ENV_\w+)")
"""No setting has such a name. Others could have those below; there the value tells."""
VALUES = ((re.compile(SERVICE + "PORT"), ADDRESS), (re.compile(SERVICE + "NAME"), CONTAINER))


def is_address(value: str) -> bool:
    """Whether a value is an address as links have it, such as tcp://10.96.12.7:8000."""
    return ADDRESS.fullmatch(value) is not None


def is_link(name: str, value: str) -> bool:
    """Whether a variable, whose name starts with FACECRAFT_, is made of another service's name."""
    if NAMES.fullmatch(name):
        return True
    return any(names.fullmatch(name) and values.fullmatch(value) for names, values in VALUES)
