"""docs/models.md has every model of models.lock."""

from facecraft.weights.lockfile import default_lock_path, load_lock
from tests.docs.documents import page, table

LOCK = load_lock(default_lock_path())
ROWS = {row[0]: row[1:] for row in table(page("models.md"), "model")}


def test_every_model_is_there_with_its_size_licence_and_set() -> None:
    shown = {name: (row[1], row[2], row[3].strip("*"), row[4]) for name, row in ROWS.items()}
    assert shown == {
        name: (
            f"{model.bytes:,}",
            model.licence.name,
            "yes" if model.licence.commercial_use else "no",
            "default" if "default" in model.sets else "full",
        )
        for name, model in LOCK.models.items()
    }


def test_the_sizes_of_the_sets_are_those_of_their_models() -> None:
    for name in ("default", "full"):
        megabytes = sum(model.bytes for model in LOCK.in_set(name)) / 1e6
        assert f"The set `{name}` ({megabytes:.0f} MB)" in page("models.md")
