"""The nginx blocks of docs/behind-a-proxy.md, in front of a real server.

They need Debian's nginx-light and libnginx-mod-stream: `make test-proxy`.
"""

import getpass
import io
import json
import re
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.docs.conftest import KEY, Serve
from tests.docs.documents import blocks, page

pytestmark = pytest.mark.nginx

PREFIX = "/portraits"
STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
PASSWORDS = "/etc/nginx/facecraft.htpasswd"
LOGIN = ("anna", "secret")
FRAME = """
{module}
user {user};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
{http}
}}
{stream}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx: the ports of its web server and of its stream."""

    web: int
    stream: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web}{PREFIX}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=300)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def configuration(folder: Path, upstream: int, web: int, stream: int) -> str:
    """The blocks of the document as one file, on free ports of this machine."""
    http, streaming, keys = blocks(page("behind-a-proxy.md"), "nginx")
    server, _, rest = http.rpartition("}")
    text = FRAME.format(
        module=f"load_module {STREAM_MODULE};",
        user=getpass.getuser(),  # nobody may enter the folders of these tests
        folder=folder,
        http=f"{server}{keys}}}{rest}",
        stream=streaming,
    )
    for shown, used in (
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("listen 80;", f"listen 127.0.0.1:{web};"),
        ("listen 8443;", f"listen 127.0.0.1:{stream};"),
        (PASSWORDS, f"{folder}/passwords"),
    ):
        assert shown in text, shown
        text = text.replace(shown, used)
    return text


@pytest.fixture(scope="module")
def nginx(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = shutil.which("nginx")
    if program is None or not STREAM_MODULE.is_file():
        pytest.fail("needs nginx: apt-get install --no-install-recommends nginx-light libnginx-mod-stream")
    folder = tmp_path_factory.mktemp("nginx")
    proxy = Proxy(web=free_port(), stream=free_port())
    name, password = LOGIN
    (folder / "passwords").write_text(f"{name}:{{PLAIN}}{password}\n")
    (folder / "nginx.conf").write_text(configuration(folder, serve(api_keys=KEY), proxy.web, proxy.stream))
    with subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"]) as process:
        try:
            wait_until_it_listens(proxy, process, folder / "error.log")
            yield proxy
        finally:
            process.terminate()


def wait_until_it_listens(proxy: Proxy, process: subprocess.Popen[bytes], log: Path) -> None:
    patience = time.monotonic() + 30
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < patience, "nginx does not listen"
        try:
            socket.create_connection(("127.0.0.1", proxy.stream), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def padded(photo: bytes, size_bytes: int) -> bytes:
    """The same JPEG with comments that make its file as large as that, or up to 4 bytes smaller."""
    missing = size_bytes - len(photo)
    comments: list[bytes] = []
    while missing > 4:
        length = min(missing - 2, 0xFFFF)
        comments.append(b"\xff\xfe" + length.to_bytes(2) + bytes(length - 2))
        missing -= length + 2
    return b"".join((photo[:2], *comments, photo[2:]))


def test_a_portrait_goes_through(nginx: Proxy, photo: bytes) -> None:
    with nginx.client() as client:
        response = client.post(
            "/process", files={"file": photo}, data={"when": "always"}, headers={"X-API-Key": KEY}
        )
    assert response.status_code == 200
    assert response.headers["X-Facecraft-Restored"] == "1"
    assert Image.open(io.BytesIO(response.content)).format == "JPEG"
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])  # nginx made it


def test_a_file_of_50_mb_goes_through_and_a_larger_one_is_refused_by_facecraft(
    nginx: Proxy, photo: bytes
) -> None:
    largest = padded(photo, 50_000_000)
    assert 49_999_990 < len(largest) <= 50_000_000
    with nginx.client() as client:
        fields = {"restorer": "none"}
        sent = client.post("/process", files={"file": largest}, data=fields, headers={"X-API-Key": KEY})
        assert sent.status_code == 200
        # A much larger one is refused before it is read, and nginx may lose the answer while it still sends.
        larger = largest + bytes(30_000)
        refused = client.post("/process", files={"file": larger}, data=fields, headers={"X-API-Key": KEY})
    assert refused.status_code == 413
    assert refused.json()["code"] == "upload_too_large"


def test_the_page_works_under_the_prefix(nginx: Proxy) -> None:
    with nginx.client() as client:
        page = client.get("/")
        assert page.status_code == 200
        files = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        assert any(file.endswith(".js") for file in files)
        for file in files:
            assert not file.startswith("/")
            if file not in ("docs", "openapi.json"):  # its links to what asks for a login
                assert client.get(f"/{file}").status_code == 200, file
        bare = httpx.get(nginx.url, trust_env=False)
        assert (bare.status_code, bare.headers["Location"]) == (308, f"{nginx.url}/")


def test_docs_are_shown_to_who_logs_in(nginx: Proxy) -> None:
    with nginx.client() as client:
        assert client.get("/docs").status_code == 401
        shown = client.get("/docs", auth=LOGIN)
        assert shown.status_code == 200
        for file in ("docs/swagger-ui.css", "openapi.json"):
            assert file in shown.text
            assert client.get(f"/{file}", auth=LOGIN).status_code == 200


def test_try_it_out_calls_the_server_under_the_prefix(nginx: Proxy, photo: bytes) -> None:
    with nginx.client() as client:
        document = client.get("/openapi.json", auth=LOGIN)
        (server,) = document.json()["servers"]
        base = document.url.join(server["url"])
        assert str(base) == f"{nginx.url}/"
        answer = client.post(base.join("detect"), files={"file": photo}, headers={"X-API-Key": KEY})
    assert len(answer.json()["faces"]) == 1


def test_a_batch_to_the_web_server_is_told_where_to_go(nginx: Proxy, photo: bytes) -> None:
    with nginx.client() as client:
        response = client.post("/batch", files={"file": photo})
    assert response.status_code == 501
    assert "8443" in response.json()["detail"]


def part(name: str, content: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_the_first_portraits_of_a_batch_come_before_the_last_photo_is_sent(
    nginx: Proxy, photo: bytes
) -> None:
    fields = b'--b\r\nContent-Disposition: form-data; name="restorer"\r\n\r\nnone\r\n'
    large = padded(photo, 2_000_000)
    photos = [part("broken.jpg", b"no photo"), *(part(f"{number}.jpg", large) for number in range(10))]
    tail = b"--b--\r\n"
    length = len(fields) + sum(map(len, photos)) + len(tail)
    head = (
        "POST /batch HTTP/1.1\r\nHost: test\r\nConnection: close\r\nX-API-Key: KEY\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", nginx.stream), 300) as connection:
        connection.sendall(head.encode() + fields + photos[0] + photos[1] + photos[2][:1000])
        answer = connection.recv(65536)  # it comes, although most of the request has not been sent
        assert answer.startswith(b"HTTP/1.1 200")
        for rest in (photos[2][1000:], *photos[3:], tail):
            connection.sendall(rest)
        while piece := connection.recv(65536):
            answer += piece
    archive = zipfile.ZipFile(io.BytesIO(unchunked(answer.partition(b"\r\n\r\n")[2])))
    entries = json.loads(archive.read("manifest.json"))["files"]
    assert [entry["status"] for entry in entries] == ["failed", *["done"] * 10]


def unchunked(body: bytes) -> bytes:
    whole, rest = b"", body
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return whole
        whole, rest = whole + rest[:length], rest[length + 2 :]
