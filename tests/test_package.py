"""The package as its users import it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import facecraft
from facecraft.options import Options
from tests.processes import ROOT, run_python


def test_importing_the_package_is_quick_and_loads_no_model_code() -> None:
    code = """
import sys, time
before = time.process_time()
import facecraft
took_s = time.process_time() - before
print(took_s, {'torch', 'numpy', 'cv2', 'PIL', 'pydantic', 'onnxruntime'} & set(sys.modules))
"""
    took_s, loaded = min(run_python(code).split(maxsplit=1) for _ in range(3))
    assert float(took_s) < 0.05
    assert loaded == "set()\n"


def test_every_public_name_is_there_and_no_other() -> None:
    for name in facecraft.__all__:
        assert getattr(facecraft, name) is not None
    assert set(facecraft.__all__) <= set(dir(facecraft))
    assert facecraft.Options is Options
    assert {facecraft.Cancellation, facecraft.PresetInvalid, facecraft.Closed}
    assert set(facecraft.__all__) == {*facecraft._HOMES, "__version__"}  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        getattr(facecraft, "Nonsense")  # noqa: B009


def test_every_public_name_is_a_type_that_mypy_knows() -> None:
    block = Path(facecraft.__file__).read_text().partition("TYPE_CHECKING:")[2].partition("else:")[0]
    typed = re.findall(r"\w+", block)
    assert set(facecraft.__all__) - {"__version__"} <= set(typed)


PROGRAM = '''
"""A program as a user writes it."""

import sys
from pathlib import Path

import numpy as np
from facecraft import Facecraft, FacecraftError, NoFaceFound, Options, Portrait, Settings
from PIL import Image


def title(portrait: Portrait) -> str:
    verdict = portrait.verdict
    return "no verdict" if verdict is None else verdict.status


def main(folder: Path) -> int:
    with Facecraft(device="cpu", settings=Settings(license="commercial")) as fc:
        try:
            portrait = fc.process(folder / "anna.jpg", preset="badge")
        except NoFaceFound as error:
            print(error.hint)
            return 1
        portrait.save(folder / "anna-badge.jpg")
        image: Image.Image = portrait.image
        print(image.size, portrait.array.shape, title(portrait))
        options = Options(width=800, height=1000, head=0.5)
        for result in fc.map(sorted(folder.glob("*.jpg")), options, workers=2):
            failure: FacecraftError | OSError | None = result.error
            print(result.source, failure or title(result.portrait))
        print(len(fc.detect(np.zeros((8, 8, 3), np.uint8)).faces))
        print(fc.check(b"", preset="badge").verdict.rules[0].name)
        print(fc.runtime.device, fc.runtime.workers)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
'''


def mypy(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program)
    # Torch alone takes a minute; a program does not touch it.
    (folder / "mypy.ini").write_text("[mypy]\n[mypy-torch.*]\nfollow_imports = skip\n")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "program.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )


def test_a_program_passes_mypy_strict(tmp_path: Path) -> None:
    assert (ROOT / "facecraft" / "py.typed").is_file()
    result = mypy(PROGRAM, tmp_path)
    assert result.returncode == 0, result.stdout
    wrong = PROGRAM.replace("Portrait, Settings", "Portrait, Setings").replace('device="cpu"', 'device="gpu"')
    result = mypy(wrong, tmp_path)
    assert 'has no attribute "Setings"' in result.stdout
    assert '"device" to "Facecraft" has incompatible type' in result.stdout
