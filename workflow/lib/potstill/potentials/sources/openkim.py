"""The Debian and Ubuntu package `openkim-models`, downloaded but not installed.

Its models are shared libraries that hold the table's text as a data symbol. The package lists are
fetched into a temporary folder when the machine has none, so no rights are needed.
"""

import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KnownTable
from potstill.potentials.sources.command import run

LABEL = "Debian's package openkim-models"
PACKAGE = "openkim-models"


def get(table: KnownTable) -> str:
    """Return the table's text out of the package."""
    with tempfile.TemporaryDirectory(prefix="potstill-") as name:
        package = _download(Path(name))
        return symbol_text(_library(package, table.kim_model), table.kim_symbol)


def symbol_text(library: bytes, symbol: str) -> str:
    """Return the text that a dynamic data symbol of an ELF library holds."""
    try:
        elf = ELFFile(BytesIO(library))
        found = elf.get_section_by_name(".dynsym").get_symbol_by_name(symbol)[0]
        section = elf.get_section(found["st_shndx"])
        start = found["st_value"] - section["sh_addr"]
        data: bytes = section.data()[start : start + found["st_size"]]
    except (ELFError, AttributeError, TypeError):  # no ELF, no .dynsym, no such symbol
        raise PotstillError(f"the package's library lacks the symbol {symbol}") from None
    return data.decode("utf-8", errors="replace").rstrip("\0")


def _download(folder: Path) -> Path:
    try:
        run(["apt-get", "download", PACKAGE], folder)
    except PotstillError:
        private = ["-o", "APT::Sandbox::User=root"]  # root's own folder is closed to user _apt
        for key, place in (("Dir::State::lists", "lists"), ("Dir::Cache", "cache")):
            (folder / place / "partial").mkdir(parents=True)
            private += ["-o", f"{key}={folder / place}"]
        run(["apt-get", *private, "update"], folder)
        run(["apt-get", *private, "download", PACKAGE], folder)
    packages = list(folder.glob(f"{PACKAGE}_*.deb"))
    if not packages:
        raise PotstillError("apt-get left no package")
    return packages[0]


def _library(package: Path, model: str) -> bytes:
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    try:
        unpacked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        raise PotstillError("there is no dpkg-deb on this machine") from None
    try:
        with unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            for member in archive:
                if f"/{model}/" in member.name and member.name.endswith(".so") and member.isfile():
                    stream = archive.extractfile(member)  # in memory: nothing is unpacked to disk
                    assert stream is not None
                    content = stream.read()
                    unpacked.kill()  # the rest of the package is of no use
                    return content
    except tarfile.TarError as error:
        raise PotstillError(f"the package is broken ({error})") from None
    raise PotstillError(f"the package holds no model {model}")
