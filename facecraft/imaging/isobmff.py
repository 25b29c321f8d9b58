"""The boxes of HEIC and AVIF files: ISO/IEC 14496-12, and the items of 23008-12."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from facecraft.imaging.structure import MOST_PARTS, Fields, check_count, parts

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
MOST_BOXES = 1000
"""Most boxes in a part that is searched for a few. Lists of items may have MOST_PARTS."""
MOST_ASSOCIATIONS = 10 * MOST_PARTS
"""Most items that name their properties, and properties that they name: a tile has three to five."""


class Box(NamedTuple):
    """A box: its type, and where its content starts and ends in the file."""

    kind: bytes
    start: int
    end: int


class Place(NamedTuple):
    """A part of the file, from `start` to before `end`."""

    start: int
    end: int


class Reference(NamedTuple):
    """A reference from an item to others."""

    kind: bytes
    item: int
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a file's box `meta`.

    Attributes:
        primary: the picture to show; None if there is none.
        kinds: type of each item, such as hvc1 or grid.
        hidden: items that are only parts of others.
        parts: the items that an item, such as a grid, is made of.
        properties: of each item.
        places: of each item's data.
    """

    primary: int | None = None
    kinds: Mapping[int, bytes] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    references: tuple[Reference, ...] = ()
    parts: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    properties: Mapping[int, tuple[Box, ...]] = field(default_factory=dict)
    places: Mapping[int, tuple[Place, ...]] = field(default_factory=dict)

    def size_bytes(self, item: int) -> int:
        """The size of an item's data."""
        return sum(place.end - place.start for place in self.places.get(item, ()))

    def content(self, data: bytes, item: int) -> bytes:
        """An item's data."""
        return b"".join(data[place.start : place.end] for place in self.places.get(item, ()))


def boxes(data: bytes, start: int, end: int, most: int = MOST_PARTS) -> Iterator[Box]:
    """The boxes in a part of the file. Raises ValueError if one does not end in it, or there are too many."""
    count = 0
    while start < end:
        count += 1
        check_count(count, most)
        fields = Fields(data, start, end)
        size, kind = fields.number(4), fields.take(4)
        if size == 1:
            size = fields.number(8)
        stop = end if size == 0 else start + size
        if not fields.at <= stop <= end:
            raise ValueError("A box does not end in its parent.")
        yield Box(kind, fields.at, stop)
        start = stop


def inside(data: bytes, box: Box, *path: bytes, skip: int = 0) -> Box | None:
    """The box at that path in a box, after `skip` bytes of its own fields; None if there is none.

    Raises:
        ValueError: there are several, and which one counts depends on the decoder; or too many others.
    """
    for kind in path:
        found = [each for each in boxes(data, box.start + skip, box.end, MOST_BOXES) if each.kind == kind]
        if not found:
            return None
        (box,), skip = once(found), 0
    return box


def once(found: Sequence[T]) -> Sequence[T]:
    """What may be there once. Raise ValueError if there is more."""
    if len(found) > 1:
        raise ValueError("The file has something twice that it may have once.")
    return found


def add(known: dict[K, T], key: K, value: T) -> None:
    """Add what may be there once. Raise ValueError if it is there already."""
    if key in known:
        raise ValueError("The file has something twice that it may have once.")
    known[key] = value


def items(data: bytes) -> Items:
    """Read the box `meta` of a file. Raises ValueError if it is broken."""
    whole = Box(b"", 0, len(data))
    meta = inside(data, whole, b"meta")
    if meta is None:
        return Items()
    known: dict[bytes, Box] = {}
    for each in boxes(data, meta.start + 4, meta.end):
        add(known, each.kind, each)
    primary = None
    if b"pitm" in known:
        fields, version = opened(data, known[b"pitm"])
        primary = fields.number(4 if version else 2)
    kinds, hidden = _kinds(data, known.get(b"iinf"))
    references = tuple(_references(data, known.get(b"iref")))
    made: dict[int, tuple[int, ...]] = {}
    for link in references:
        if link.kind == b"dimg":
            add(made, link.item, link.others)
    return Items(
        primary,
        kinds,
        hidden,
        references,
        made,
        _properties(data, known.get(b"iprp")),
        _places(data, known.get(b"iloc"), known.get(b"idat")),
    )


def opened(data: bytes, box: Box) -> tuple[Fields, int]:
    """The fields of a box after its version and flags, and the version."""
    fields = Fields(data, box.start, box.end)
    version = fields.number(1)
    fields.take(3)
    return fields, version


def _kinds(data: bytes, iinf: Box | None) -> tuple[dict[int, bytes], frozenset[int]]:
    kinds: dict[int, bytes] = {}
    hidden = set()
    if iinf is not None:
        fields, version = opened(data, iinf)
        fields.take(4 if version else 2)
        for entry in boxes(data, fields.at, iinf.end):
            fields, version = opened(data, entry)
            item = fields.number(4 if version == 3 else 2)
            fields.take(2)
            add(kinds, item, fields.take(4) if version >= 2 else b"")
            if data[entry.start + 3] & 1:
                hidden.add(item)
            # Its type, its name and others. Where one is no text, pi-heif ends the process.
            (kinds[item] + fields.take(entry.end - fields.at)).decode()
    return kinds, frozenset(hidden)


def _references(data: bytes, iref: Box | None) -> Iterator[Reference]:
    if iref is None:
        return
    fields, version = opened(data, iref)
    width, total = 4 if version else 2, 0
    for box in boxes(data, fields.at, iref.end):
        fields = Fields(data, box.start, box.end)
        item, count = fields.number(width), fields.number(2)
        total += count
        check_count(total)
        yield Reference(box.kind, item, tuple(fields.number(width) for _ in range(count)))


def _properties(data: bytes, iprp: Box | None) -> dict[int, tuple[Box, ...]]:
    shared = None if iprp is None else inside(data, iprp, b"ipco")
    if iprp is None or shared is None:
        return {}
    known = list(boxes(data, shared.start, shared.end))
    found: dict[int, tuple[Box, ...]] = {}
    total = 0
    for ipma in boxes(data, iprp.start, iprp.end):
        if ipma.kind != b"ipma":
            continue
        fields, version = opened(data, ipma)
        wide = data[ipma.start + 3] & 1
        for _ in parts(fields.number(4)):
            item, count = fields.number(4 if version else 2), fields.number(1)
            total += 1 + count  # an item without properties takes its time too
            check_count(total, MOST_ASSOCIATIONS)
            indices = [fields.number(1 + wide) & (0x7FFF if wide else 0x7F) for _ in range(count)]
            add(found, item, tuple(known[index - 1] for index in indices if 0 < index <= len(known)))
    return found


def _places(data: bytes, iloc: Box | None, idat: Box | None) -> dict[int, tuple[Place, ...]]:
    if iloc is None:
        return {}
    fields, version = opened(data, iloc)
    sizes = fields.number(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    found: dict[int, tuple[Place, ...]] = {}
    total = 0
    for _ in parts(fields.number(4 if version == 2 else 2)):
        item = fields.number(4 if version == 2 else 2)
        method = fields.number(2) & 15 if version else 0
        fields.take(2)
        base = fields.number(base_bytes)
        base, end = _container(base, method, idat, len(data))
        extents = []
        count = fields.number(2)
        total += count
        check_count(total)
        for _ in range(count):
            if version:
                fields.take(index_bytes)
            start = base + fields.number(offset_bytes)
            length = fields.number(length_bytes) or end - start
            if not 0 <= start <= start + length <= end:
                raise ValueError("The data of a picture lies outside of the file.")
            extents.append(Place(start, start + length))
        add(found, item, tuple(extents))
    return found


def _container(base: int, method: int, idat: Box | None, file_bytes: int) -> tuple[int, int]:
    """Where offsets of a construction method count from, and the end of what they count in."""
    if method == 0:
        return base, file_bytes
    if method == 1 and idat is not None:
        return idat.start + base, idat.end
    raise ValueError("The data of a picture is made of other pictures.")
