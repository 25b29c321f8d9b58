"""Headers of video coding, bit by bit, as an encoder writes them."""


class Writer:
    """Collects bits, the highest of each number first."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def put(self, value: int, count: int) -> "Writer":
        """A number of so many bits."""
        assert value < 1 << count
        self._bits += [value >> place & 1 for place in range(count - 1, -1, -1)]
        return self

    def put_golomb(self, value: int) -> "Writer":
        """A number in Exp-Golomb coding."""
        bits = (value + 1).bit_length()
        return self.put(0, bits - 1).put(value + 1, bits)

    def data(self) -> bytes:
        """The bits so far, after them a one and zeros to a whole byte, as trailing bits are."""
        bits = [*self._bits, 1]
        bits += [0] * (-len(bits) % 8)
        return bytes(int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits), 8))
