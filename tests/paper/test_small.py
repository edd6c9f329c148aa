"""Small copies of figures."""

import numpy as np
from PIL import Image

from potstill.paper.small import small_png


def test_a_small_figure_keeps_its_pixels(tmp_path):
    pixels = np.full((40, 60, 3), 255, np.uint8)
    pixels[10:20, 10:30] = 200, 30, 40
    Image.fromarray(pixels).save(tmp_path / "in.png")
    small_png(tmp_path / "in.png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as copy:
        assert np.array_equal(np.asarray(copy.convert("RGB")), pixels)


def test_a_large_figure_shrinks_below_the_limit(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (150, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png")
    small_png(tmp_path / "in.png", tmp_path / "out.png", limit=15_000)
    assert (tmp_path / "out.png").stat().st_size <= 15_000
    with Image.open(tmp_path / "out.png") as copy:
        assert copy.width < 200
        assert abs(copy.width / copy.height - 4 / 3) < 0.02
