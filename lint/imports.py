"""Draw which room imports which, as a Mermaid flowchart.

    python -m lint.imports

It exits with 1 where an arrow points up or sideways, or where arrows make a circle. A room is a folder or a
module directly in facecraft/; the order of the rooms is that of the layers in pyproject.toml. Imports under
TYPE_CHECKING count. Nothing is left out, not even what an `ignore_imports` in pyproject.toml allows.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

PACKAGE = "facecraft"

Arrow = tuple[str, str]


@dataclass(frozen=True)
class Drawing:
    """The rooms from the highest layer to the lowest, and who imports whom."""

    layers: Sequence[Sequence[str]]
    arrows: frozenset[Arrow]

    def mermaid(self) -> str:
        lines = ["flowchart TD"]
        for number, layer in enumerate(self.layers):
            lines += [f'    subgraph layer{number} [" "]', *(f"        {room}" for room in layer)]
            lines += ["    end"]
        lines += [f"    {importer} --> {imported}" for importer, imported in sorted(self.arrows)]
        return "\n".join(lines)

    def not_downwards(self) -> list[Arrow]:
        level = {room: number for number, layer in enumerate(self.layers) for room in layer}
        return sorted(arrow for arrow in self.arrows if level[arrow[0]] >= level[arrow[1]])

    def circle(self) -> list[str]:
        """The rooms of one circle, the first one again at its end; empty where there is none."""
        rooms: dict[str, list[str]] = {}
        for importer, imported in self.arrows:
            rooms.setdefault(importer, []).append(imported)
        try:
            TopologicalSorter(rooms).prepare()
        except CycleError as error:
            return list(reversed(error.args[1]))
        return []


def draw(root: Path) -> Drawing:
    """The drawing of the package in `root`, which has to be the one that Python would import."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    rooms = {child.removeprefix(f"{PACKAGE}.") for child in graph.find_children(PACKAGE)}
    layers = [
        [room for room in layer if room in rooms]
        for layer in layers_of(tomllib.loads((root / "pyproject.toml").read_text()))
    ]
    unplaced = rooms.difference(*layers)
    if unplaced:
        message = f"no layer in pyproject.toml has {', '.join(sorted(unplaced))}"
        raise SystemExit(message)
    arrows = {
        (room_of(importer), room_of(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if PACKAGE not in (importer, imported) and room_of(importer) != room_of(imported)
    }
    return Drawing([layer for layer in layers if layer], frozenset(arrows))


def room_of(module: str) -> str:
    return module.split(".")[1]


def layers_of(pyproject: Mapping[str, object]) -> list[list[str]]:
    """The rooms of each layer of the contract: `a | b` are siblings, `(a)` may be missing."""
    contracts = pyproject["tool"]["importlinter"]["contracts"]  # type: ignore[index]
    layered = next(contract for contract in contracts if contract["type"] == "layers")
    return [[room.strip(" ()") for room in layer.split("|")] for layer in layered["layers"]]


def main() -> int:
    drawing = draw(Path())
    print(drawing.mermaid())
    for importer, imported in drawing.not_downwards():
        print(f"{importer} must not import {imported}: it is not below", file=sys.stderr)
    if circle := drawing.circle():
        print(f"a circle: {' -> '.join(circle)}", file=sys.stderr)
    return 1 if drawing.not_downwards() or drawing.circle() else 0


if __name__ == "__main__":
    sys.exit(main())
