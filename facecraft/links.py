"""Variables that Kubernetes and Docker make of the names of other services.

Kubernetes gives these to every pod, for each Service of its namespace; Docker's old links give some of them
to a container. Beside a service named facecraft or facecraft-gpu they start with FACECRAFT_, and are no
settings:

    FACECRAFT_SERVICE_HOST, FACECRAFT_SERVICE_PORT, FACECRAFT_SERVICE_PORT_HTTP
    FACECRAFT_PORT=tcp://10.96.12.7:8000
    FACECRAFT_PORT_8000_TCP, and the same with _ADDR, _PORT, _PROTO and others at its end
    FACECRAFT_NAME=/web/facecraft, FACECRAFT_ENV_PATH (Docker)

Their names alone could be mistyped settings. So they count only beside an address, or a container, of the
same service.
"""

import re
from collections.abc import Mapping

ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+:\d+")
CONTAINER = re.compile(r"/\S+/\S+")
SERVICE = r"(FACECRAFT_(?:\w+_)?)"
"""How the names begin: with ours, or with that of a service that begins like ours."""
KINDS = (
    (SERVICE + r"PORT(?:_\d+_(?:TCP|UDP|SCTP))?", ADDRESS, r"SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_\w+"),
    (SERVICE + r"NAME", CONTAINER, r"ENV_\w+"),
)
"""Names that count by their value, the values, and how those end that count beside them."""


def is_address(value: str) -> bool:
    """Whether a value is an address as links have it, such as tcp://10.96.12.7:8000."""
    return ADDRESS.fullmatch(value) is not None


def find_links(variables: Mapping[str, str]) -> set[str]:
    """The names of those variables that are made of another service's name."""
    links: set[str] = set()
    for names, values, endings in KINDS:
        found = {
            name: match[1]
            for name, value in variables.items()
            if (match := re.fullmatch(names, name)) and values.fullmatch(value)
        }
        services = "|".join(map(re.escape, set(found.values())))
        beside = re.compile(f"({services})({endings})")
        links.update(found, (name for name in variables if services and beside.fullmatch(name)))
    return links
