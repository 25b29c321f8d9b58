"""The last step of `make publish`: push the tags, and write the digest and an SBOM."""

import argparse
import json
import re
import sys
from pathlib import Path

from docker.release.engine import CheckFailed, Engine
from docker.release.sbom import sbom
from docker.release.subject import Subject


def tags(repository: str, version: str, flavour: str) -> tuple[str, str]:
    """The tags of the newest release and of this one.

    There is no `latest`, because it would not name the device.
    """
    return f"{repository}:{flavour}", f"{repository}:{version}-{flavour}"


def check_release(subject: Subject, version: str) -> None:
    """Check version and revision before publishing.

    Raises:
        CheckFailed: the version is invalid, the image has another one, or its code was not committed.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise CheckFailed(f"VERSION is {version!r}, not X.Y.Z")
    if subject.version != version:
        raise CheckFailed(f"{subject.image} is version {subject.version}, not {version}")
    revision = subject.labels.get("revision", "")
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise CheckFailed(f"{subject.image} is of revision {revision!r}; commit first")


def push(subject: Subject, repository: str, version: str, flavour: str) -> str:
    """Push both tags. Return their digest."""
    for tag in tags(repository, version, flavour):
        subject.engine.run("tag", subject.image, tag)
        subject.engine.run("push", "-q", tag, timeout_s=3600)
    digests = subject.engine.inspect(subject.image)["RepoDigests"]
    (digest,) = (each for each in digests if each.startswith(f"{repository}@"))
    return str(digest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--repository", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--flavour", choices=("cpu", "gpu"), required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder of SBOM and digest")
    args = parser.parse_args()
    subject = Subject(args.image, Engine())
    args.output.mkdir(parents=True, exist_ok=True)
    sbom_path = args.output / f"facecraft-{args.version}-{args.flavour}.cdx.json"
    try:
        check_release(subject, args.version)
        sbom_path.write_text(json.dumps(sbom(subject), indent=1))
        digest = push(subject, args.repository, args.version, args.flavour)
    except CheckFailed as error:
        print(f"FAIL  {args.image}: {error}")
        return 1
    (args.output / f"facecraft-{args.version}-{args.flavour}.digest").write_text(f"{digest}\n")
    print(f"ok    pushed {' and '.join(tags(args.repository, args.version, args.flavour))}")
    print(f"ok    {digest}")
    print(f"ok    {sbom_path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
