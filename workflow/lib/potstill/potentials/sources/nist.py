"""NIST's Interatomic Potentials Repository and its mirror, over HTTPS."""

import http.client
import urllib.parse
import urllib.request

from potstill.errors import PotstillError
from potstill.potentials.tables import KnownTable

LABEL = "NIST's Interatomic Potentials Repository"
TIMEOUT_S = 10
LARGEST_BYTES = 50_000_000


def get(table: KnownTable) -> str:
    """Return the table's text from the first of its addresses that answers."""
    reasons = []
    for url in table.urls:
        try:
            return _download(url)
        except (OSError, http.client.HTTPException) as error:
            reasons.append(f"{urllib.parse.urlsplit(url).hostname}: {error}")
    raise PotstillError("; ".join(reasons))


def _download(url: str) -> str:
    request = urllib.request.Request(url, headers={"User-Agent": "potstill"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        if not response.geturl().startswith("https://"):
            raise OSError(f"sent on to an address without HTTPS ({response.geturl()})")
        return response.read(LARGEST_BYTES).decode("utf-8", errors="replace")
