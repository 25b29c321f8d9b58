"""Requests that schemathesis makes up from the OpenAPI document, against a service with the real models."""

import subprocess
import sys
from pathlib import Path

import httpx

EXAMPLES = 25  # for each call, and each phase of schemathesis
SEED = 1  # always the same requests: with some, schemathesis fails on a body that it made up itself


def test_no_request_made_from_the_document_breaks_the_service(
    real_client: httpx.Client, tmp_path: Path
) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    ended = subprocess.run(
        [
            *(program, "run", f"{real_client.base_url}/openapi.json"),
            *("--checks", "not_a_server_error", "--max-examples", str(EXAMPLES), "--no-color"),
            *("--seed", str(SEED)),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,  # it keeps its examples where it runs
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
