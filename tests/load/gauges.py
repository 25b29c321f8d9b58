"""What a server says of itself."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from facecraft.checks.bench.server import Server


def gauge(server: Server, name: str) -> float:
    text = httpx.get(f"http://127.0.0.1:{server.port}/metrics", timeout=60, trust_env=False).text
    families = {each.name: each for each in text_string_to_metric_families(text)}
    return float(families[name].samples[0].value)
