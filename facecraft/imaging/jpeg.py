"""The structure of a JPEG file, read without decoding it."""

from collections.abc import Sequence

LUMA_SUM = 3688  # of the luma table of ITU T.81, annex K.1


def count_scans(jpeg: bytes, stop_after: int) -> int:
    """Count the scans in a JPEG; stop when there are more than `stop_after`.

    A progressive file of a few kilobytes can make a decoder process the picture thousands of times (ITU T.81
    sets no limit). The loop goes from marker to marker, because a segment may contain the same bytes as the
    start of a scan.
    """
    scans, at = 0, 2
    while scans <= stop_after:
        at = jpeg.find(b"\xff", at)
        if at < 0 or at + 4 > len(jpeg):
            break
        marker = jpeg[at + 1]
        if marker == 0xD9:  # end of image
            break
        if marker == 0xFF:  # padding before a marker
            at += 1
            continue
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # stuffed data and markers without a length
            at += 2
            continue
        if marker == 0xDA:
            scans += 1
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return scans


def quality(luma_table: Sequence[int]) -> int:
    """Tell the quality, 1 to 100, at which libjpeg's table is as coarse as this one, on average.

    libjpeg scales the standard's table: by 5000 / quality per cent below 50, else by 200 - 2 * quality.

    Args:
        luma_table: the 64 divisors of the luma, in any order.
    """
    scale = 100 * sum(luma_table) / LUMA_SUM
    found = 5000 / max(scale, 1e-6) if scale > 100 else 100 - scale / 2
    return min(max(round(found), 1), 100)
