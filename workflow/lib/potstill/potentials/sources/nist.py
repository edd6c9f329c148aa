"""NIST's Interatomic Potentials Repository and its mirror, over HTTPS."""

import http.client
import urllib.parse
import urllib.request
from typing import Any

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KnownTable

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


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows a server to another address only over HTTPS; any other is not even asked."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise OSError(f"sends on to an address without HTTPS ({newurl})")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(url: str) -> str:
    request = urllib.request.Request(url, headers={"User-Agent": "potstill"})
    opener = urllib.request.build_opener(_HttpsOnly)
    with opener.open(request, timeout=TIMEOUT_S) as response:
        return response.read(LARGEST_BYTES).decode("utf-8", errors="replace")
