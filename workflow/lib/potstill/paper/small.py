"""Copies of figures that are small enough to keep in a repository."""

import io
from pathlib import Path

from PIL import Image

from potstill.runtime.files import atomic_path

LIMIT = 300_000  # bytes
COLOURS = 256
MOST_SHRUNK = 0.3  # of the width: less cannot be read


def small_png(source: Path, output: Path, limit: int = LIMIT) -> None:
    """Write a PNG of at most `limit` bytes: a palette of 256 colours, then ever fewer pixels.

    A figure that is still larger at a third of its width is written at that size.
    """
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    content, factor = _png(image), 1.0
    while len(content) > limit and factor > MOST_SHRUNK:
        factor *= 0.85
        width, height = (round(factor * pixels) for pixels in image.size)
        content = _png(image.resize((width, height), Image.Resampling.LANCZOS))
    with atomic_path(output) as temporary:
        temporary.write_bytes(content)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.quantize(COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
