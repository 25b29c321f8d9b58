"""How long a lone face waits that is sent while a picture of many faces is in work.

    python -m benchmarks.crowd

It starts a server with the settings of the environment. A face's time is that of the crowd over its faces.
"""

import argparse
import io
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from urllib.request import urlopen

import numpy as np
from PIL import Image

from facecraft.checks.bench.measure import PHOTO
from facecraft.checks.bench.server import Server, serving

COLUMNS = 5
COUNT = "facecraft_batch_faces_count"


def picture(columns: int, rows: int) -> bytes:
    """The astronaut's head again and again, 96 x 86 px each, as a PNG."""
    with Image.open(PHOTO) as photo:
        head = photo.crop((108, 0, 342, 210)).resize((96, 86), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    Image.fromarray(np.tile(np.asarray(head), (rows, columns, 1))).save(buffer, "PNG")
    return buffer.getvalue()


def runs(server: Server) -> list[str]:
    """How often each restorer has run."""
    with urlopen(f"http://127.0.0.1:{server.port}/metrics") as metrics:
        return [line for line in metrics.read().decode().splitlines() if line.startswith(COUNT)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=4, help=f"of {COLUMNS} faces each")
    parser.add_argument("--restorer", default="auto")
    args = parser.parse_args()
    fields = {"restorer": args.restorer, "format": "jpeg"}
    crowd, lone = picture(COLUMNS, args.rows), picture(1, 1)
    with serving() as server, ThreadPoolExecutor(1) as pool:
        server.ready()
        before = runs(server)
        working = pool.submit(server.process, crowd, fields)
        while runs(server) == before:
            sleep(0.02)
        waited_ms = server.process(lone, fields).stages_ms["restore"]
        face_ms = working.result().stages_ms["restore"] / (COLUMNS * args.rows + 1)
    print(f"{COLUMNS * args.rows} faces, {face_ms:.0f} ms each")
    print(f"a lone face after them: {waited_ms:.0f} ms, {waited_ms / face_ms:.1f} times as long as one face")


if __name__ == "__main__":
    main()
