"""The checks of an image. Each function returns its findings, or raises CheckFailed."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from docker.release.engine import CheckFailed
from docker.release.subject import NO_NETWORK, Subject, models_by_file

Check = Callable[[Subject], str]

CODE_LICENCE = "MIT"
WRITABLE = ("/data/cache", "/data/processed", "/data/uploads", "/run/lock", "/tmp", "/var/tmp")
FORBIDDEN = (
    (re.compile(r"/\.git(/|$|ignore|attributes)"), "version control"),
    (re.compile(r"/\.env[^/]*$"), "an .env file"),
    (re.compile(r"^/opt/facecraft(/.*)?/(tests?|docker)(/|$)"), "tests or tools of Facecraft"),
    (re.compile(r"/site-packages/(torch|numpy|scipy|onnx|skimage)/(.*/)?tests?(/|$)"), "tests of a package"),
    (re.compile(r"/(id_rsa|id_ed25519|\.netrc|\.pypirc|pip\.conf|credentials)$"), "credentials"),
    (re.compile(r"^/opt/.*\.key$"), "a private key"),
    (
        re.compile(r"/\.cache/|/pip-(unpack|ephem|build)|^/build(/|$)|/\.pull-"),
        "a cache or a remainder of a build",
    ),
    (
        re.compile(r"^/opt/venv/.*/site-packages/(pip|setuptools|hatchling|triton|sympy)/"),
        "packages for building",
    ),
    (re.compile(r"^/usr/bin/(gcc|g\+\+|cc|clang|make)$|^/opt/.*/bin/(nvcc|ptxas|cicc)$"), "a compiler"),
    (re.compile(r"^/opt/.*\.(a|h|hpp|cuh)$"), "static libraries or headers"),
)
SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_KEYS?$", re.IGNORECASE)
URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]+:[^/\s:@]+@")


def labels(subject: Subject) -> str:
    found = subject.labels
    version = subject.command("facecraft", "--version").removeprefix("facecraft ")
    urls = "import importlib.metadata as m; print(m.metadata('facecraft')['Project-URL'])"
    weights = {subject.lock[file]["licence"]["spdx"] for file in subject.baked if file in subject.lock}
    _equal("version", found.get("version"), version)
    _equal("source", found.get("source"), subject.command("python", "-c", urls).rpartition(", ")[2])
    licences = found.get("licenses", "").split(" AND ")
    _equal("licenses", sorted(licences), sorted(weights | {CODE_LICENCE}))
    if not re.fullmatch(r"[0-9a-f]{40}(-dirty)?", found.get("revision", "")):
        raise CheckFailed(f"revision is {found.get('revision')!r}, not a commit")
    if not re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.get("created", "")):
        raise CheckFailed(f"created is {found.get('created')!r}, not a time as in RFC 3339")
    if datetime.fromisoformat(found["created"]) > datetime.now(UTC):
        raise CheckFailed(f"created is {found['created']}, in the future")
    if ("GPU" if subject.wants_gpu else "CPU") not in found.get("description", ""):
        raise CheckFailed(f"description does not name the device: {found.get('description')!r}")
    return f"version {version}, {found['revision'][:12]}, {' AND '.join(licences)}"


def user(subject: Subject) -> str:
    configured = subject.config["User"]
    if not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", configured):
        raise CheckFailed(f"USER is {configured!r}, not numeric")
    # As a user writes it, without --entrypoint.
    found = subject.engine.text("run", *NO_NETWORK, *subject.serve_options, subject.image, "whoami")
    _equal("whoami", found, "appuser")
    return f"appuser, {configured}"


def cuda(subject: Subject) -> str:
    found = subject.command("python", "-c", "import torch; print(torch.version.cuda)")
    if (found != "None") != subject.wants_gpu:
        raise CheckFailed(
            f"torch.version.cuda is {found}, FACECRAFT_DEVICE {subject.environment.get('FACECRAFT_DEVICE')}"
        )
    if not subject.wants_gpu:
        return f"torch.version.cuda is {found}"
    # Only the driver's library may be missing for ONNX Runtime's CUDA provider: the host has it.
    program = (
        "import ctypes, pathlib, torch, onnxruntime as ort\n"
        "print('CUDAExecutionProvider' in ort.get_available_providers())\n"
        "library = pathlib.Path(ort.__file__).parent / 'capi/libonnxruntime_providers_cuda.so'\n"
        "try: ctypes.CDLL(str(library))\n"
        "except OSError as error: print(str(error).partition(':')[0])\n"
        "else: print('nothing')"
    )
    has, lacks = subject.command("python", "-c", program).splitlines()
    if has != "True" or lacks not in ("libcuda.so.1", "nothing"):
        raise CheckFailed(f"CUDA provider of ONNX Runtime present: {has}; missing: {lacks}")
    for library in ("libcudart.so.13", "libcublas.so.13", "libcudnn.so.9"):
        copies = subject.command("find", "/opt", "-name", library).splitlines()
        if len(copies) != 1:
            raise CheckFailed(f"{library} exists {len(copies)} times: {copies}")
    return f"torch.version.cuda is {found}, one copy, ONNX Runtime has its CUDA provider"


def models(subject: Subject) -> str:
    inside = models_by_file(subject.command("cat", "/opt/facecraft/facecraft/models.lock"))
    differing = [name for name in {**inside, **subject.lock} if inside.get(name) != subject.lock.get(name)]
    if differing:
        raise CheckFailed(f"models.lock in the image differs from this checkout: {', '.join(differing)}")
    if not subject.baked:
        raise CheckFailed("the image has no model")
    for file, sha256 in subject.baked.items():
        expected = subject.lock.get(file, {}).get("sha256", "no such model")
        _equal(file, sha256, expected)
    found = subject.command("facecraft", "models", "verify")
    names = ", ".join(sorted(subject.lock[file]["name"] for file in subject.baked))
    return f"{len(subject.baked)} match models.lock: {names}; facecraft verifies {len(found.splitlines())}"


def writable(subject: Subject) -> str:
    # A link always counts as writable, so only its target is checked.
    program = "find / -xdev -writable ! -type l 2>/dev/null; true"
    found = subject.command("sh", "-c", program).splitlines()
    wrong = [path for path in found if not path.startswith(WRITABLE)]
    if wrong:
        raise CheckFailed(f"appuser can write {', '.join(wrong[:10])}")
    return f"only {', '.join(sorted(found))}"


def contents(subject: Subject) -> str:
    paths = subject.engine.text(
        "run", *NO_NETWORK, "--user", "0", "--entrypoint", "find", subject.image, "/", "-xdev"
    ).splitlines()
    for path in paths:
        for pattern, what in FORBIDDEN:
            if pattern.search(path):
                raise CheckFailed(f"{path} is {what}")
    sources = {p for p in paths if p.startswith("/opt/") and p.endswith(".py")}
    compiled = {
        re.sub(r"__pycache__/(.*)\.cpython-311\.pyc$", r"\1.py", p) for p in paths if p.endswith(".pyc")
    }
    missing = sorted(path for path in sources - compiled if not path.endswith("py312_intrinsics.py"))
    if missing:
        raise CheckFailed(f"{len(missing)} files have no bytecode: {', '.join(missing[:5])}")
    return (
        f"no tests, caches, compilers or credentials in {len(paths)} paths; {len(sources)} modules compiled"
    )


def secrets(subject: Subject) -> str:
    for name, value in subject.environment.items():
        if SECRET_NAME.search(name) and value:
            raise CheckFailed(f"the environment has {name}")
    history = subject.engine.text("history", "--no-trunc", "--format", "{{.CreatedBy}}", subject.image)
    if URL_WITH_PASSWORD.search(history + json.dumps(subject.config)):
        raise CheckFailed("a URL with a password is in the image's history or configuration")
    return "none in environment, history and configuration"


def sizes(subject: Subject) -> str:
    total = subject.engine.inspect(subject.image)["Size"]
    parts = {"Python packages": "/opt/venv", "models": "/opt/models", "code": "/opt/facecraft"}
    rows = {}
    for name, path in parts.items():
        size = subject.engine.text(
            "run", *NO_NETWORK, "--user", "0", "--entrypoint", "du", subject.image, "-sb", path
        )
        rows[name] = int(size.split()[0])
    rows = {"base": total - sum(rows.values())} | rows
    return f"{total / 1e9:.2f} GB: " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in rows.items())


def no_device(subject: Subject) -> str:
    """Without a GPU, FACECRAFT_DEVICE=cuda must end the start with one line that says what to do."""
    result = subject.engine.attempt(
        "run", *NO_NETWORK, "-e", "FACECRAFT_DEVICE=cuda", "-e", "NVIDIA_VISIBLE_DEVICES=void", subject.image
    )
    lines = result.stderr.strip().splitlines()
    if result.code != 1 or len(lines) != 1 or "facecraft: device_unavailable: " not in lines[0]:
        raise CheckFailed(f"FACECRAFT_DEVICE=cuda ended with {result.code}: {result.stderr}")
    return lines[0]


def healthcheck(subject: Subject) -> str:
    found = subject.config.get("Healthcheck") or {}
    _equal("HEALTHCHECK", found.get("Test"), ["CMD", "facecraft", "healthcheck"])
    _equal("its start period", found.get("StartPeriod"), 180 * 10**9)
    return "facecraft healthcheck, start period 180 s"


def _equal(what: str, actual: object, expected: object) -> None:
    if actual != expected:
        raise CheckFailed(f"{what} is {actual!r}, expected {expected!r}")


STILL: Mapping[str, Check] = {
    "labels": labels,
    "user": user,
    "cuda": cuda,
    "models": models,
    "writable files": writable,
    "contents": contents,
    "secrets": secrets,
    "healthcheck": healthcheck,
    "without a GPU": no_device,
    "size": sizes,
}
"""Checks of an image before its server runs."""
