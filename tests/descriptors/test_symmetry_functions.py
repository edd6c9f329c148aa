"""Symmetry functions: torchani as the oracle, finite differences, supercells."""

import itertools
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from ensembles import mixed_structures
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.descriptors import angular, force_kernels, pair_strain, pairs, radial
from potstill.descriptors.elements import element_numbers
from potstill.descriptors.radial import SMALLEST, _gaussians, cutoff_at, gaussian_ratios
from potstill.descriptors.symmetry_functions import (
    describe,
    describe_with_pairs,
    feature_count,
    functions,
    pairs_bytes,
    shifts,
    smallest_spread,
)
from potstill.errors import PotstillError
from potstill.settings import Descriptor, Training

os.environ.setdefault("TORCHANI_NO_WARN_EXTENSIONS", "1")
from torchani.aev import AEVComputer, ANIAngular, ANIRadial
from torchani.neighbors import Neighbors

Floats = NDArray[np.float64]
AUTHORS = Training(preset="authors").descriptor


def nickel(positions: Floats, cell: Floats) -> Structures:
    """Return one structure, positions (N, 3), or several of one size, (F, N, 3)."""
    return Structures.uniform(
        "Ni", positions.reshape(-1, *positions.shape[-2:]), cell.reshape(-1, 3, 3)
    )


def brute_pairs(one: Structures, cutoff: float, images: int) -> Neighbors:
    """Return every half pair within the cut-off by trying all images up to `images` cells away."""
    reach = [range(-images, images + 1) if periodic else range(1) for periodic in one.pbc[0]]
    index, vectors = [], []
    for n in itertools.product(*reach):
        apart = one.positions[None] + np.array(n) @ one.cell[0] - one.positions[:, None]
        near = np.linalg.norm(apart, axis=2) < cutoff
        # each pair once: of an atom with its own images, half of them
        near &= np.triu(np.ones_like(near), k=0 if n > (0, 0, 0) else 1)
        index.append(np.argwhere(near))
        vectors.append(-apart[near])  # torchani's sign
    vector = torch.tensor(np.concatenate(vectors))
    pairs = torch.tensor(np.concatenate(index)).T.contiguous()
    return Neighbors(pairs, vector.norm(dim=1), vector)


def torchani_features(
    one: Structures, elements: tuple[str, ...], settings: Descriptor, images: int
) -> Floats:
    computer = AEVComputer.like_1x(
        num_species=len(elements),
        cutoff_fn=settings.cutoff_function,
        radial_start=settings.radial_start_A,
        radial_cutoff=settings.radial_cutoff_A,
        radial_eta=settings.radial_eta,
        radial_num_shifts=settings.radial_shifts,
        angular_start=settings.angular_start_A,
        angular_cutoff=settings.angular_cutoff_A,
        angular_eta=settings.angular_eta,
        angular_zeta=settings.zeta,
        angular_num_shifts=settings.angular_shifts,
        angular_num_sections=settings.angle_sections,
    )
    assert isinstance(computer.radial, ANIRadial) and isinstance(computer.angular, ANIAngular)
    computer.double()
    # the constructors round their constants to float32
    for term, start, cutoff, eta in (
        (
            computer.radial,
            settings.radial_start_A,
            settings.radial_end_A or settings.radial_cutoff_A,
            settings.radial_eta,
        ),
        (
            computer.angular,
            settings.angular_start_A,
            settings.angular_cutoff_A,
            settings.angular_eta,
        ),
    ):
        count = len(term.shifts)
        exact = [start + (cutoff - start) / count * k for k in range(count)]
        if settings.radial_end_A is None:  # torchani knows no other end
            assert torch.allclose(term.shifts, torch.tensor(exact).double(), atol=1e-6)
        term.shifts.copy_(torch.tensor(exact, dtype=torch.float64))
        term.eta.fill_(eta)
    count = len(computer.angular.sections)
    sections = [math.pi / count * (k + 0.5) for k in range(count)]
    assert torch.allclose(computer.angular.sections, torch.tensor(sections).double(), atol=1e-6)
    computer.angular.sections.copy_(torch.tensor(sections, dtype=torch.float64))
    computer.angular.zeta.fill_(settings.zeta)
    pairs = brute_pairs(one, settings.radial_cutoff_A, images)
    numbers = torch.tensor(element_numbers(one, elements))[None]
    found = computer.compute_from_neighbors(numbers, torch.tensor(one.positions)[None], pairs)
    return found[0].numpy()


@pytest.mark.parametrize("settings", [Descriptor(), AUTHORS], ids=["potstill", "authors"])
def test_equal_to_torchani(liquid: tuple[Floats, Floats], settings: Descriptor) -> None:
    ours = describe(nickel(*liquid), settings, ["Ni"])
    theirs = torchani_features(nickel(*liquid), ("Ni",), settings, images=2)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
    assert np.abs(theirs).max() > 0.5


@pytest.mark.parametrize("settings", [Descriptor(), AUTHORS], ids=["potstill", "authors"])
@pytest.mark.parametrize("elements", [("Ni",), ("Be", "W"), ("Be", "Ni", "W")])
def test_elements_sizes_and_boundaries(elements: tuple[str, ...], settings: Descriptor) -> None:
    """Both ways of describing them together, against torchani one by one."""
    many = mixed_structures(elements)
    assert many.elements == elements
    ours = describe(many, settings, elements)
    with_pairs, _ = describe_with_pairs(many, settings, elements)
    np.testing.assert_allclose(with_pairs, ours, rtol=0, atol=1e-13)
    for f in range(len(many)):
        theirs = torchani_features(many.structures([f]), elements, settings, images=4)
        np.testing.assert_allclose(ours[many.of_atoms_in(f)], theirs, rtol=0, atol=1e-11)
    assert np.mean(np.abs(ours).max(axis=0) > 1e-3) > 0.75


def test_elements_that_are_absent(liquid: tuple[Floats, Floats]) -> None:
    """One element among others has its features in the blocks that are its own."""
    alone, given = describe(nickel(*liquid), Descriptor(), ["Ni"]), Descriptor()
    radial, angular = alone[:, :24], alone[:, 24:]
    empty, flat = np.zeros_like(radial), np.zeros_like(angular)
    for elements, blocks in (
        (("Ni", "W"), [radial, empty, angular, flat, flat]),
        (("Be", "Ni"), [empty, radial, flat, flat, angular]),
        (("Be", "Ni", "W"), [empty, radial, empty, flat, flat, flat, angular, flat, flat]),
    ):
        found = describe(nickel(*liquid), given, elements)
        np.testing.assert_array_equal(found, np.concatenate(blocks, axis=1))
        with_pairs, pairs = describe_with_pairs(nickel(*liquid), given, elements)
        np.testing.assert_allclose(with_pairs, found, rtol=0, atol=1e-13)
        assert np.isfinite(pairs.angular_slope).all()
        assert len(found[0]) == feature_count(given, len(elements))
        assert len(smallest_spread(given, len(elements))) == feature_count(given, len(elements))


def test_an_unknown_element_is_named() -> None:
    many = mixed_structures(["Be", "W"])
    first = int(np.argmax(many.species == 74))
    with pytest.raises(PotstillError, match=f"frame 100: atom {first} is W, .* for Be and Ni; "):
        describe(many, Descriptor(), ["Be", "Ni"], first=100)


def test_cell_far_smaller_than_the_cutoff() -> None:
    """One and two atoms in a skewed primitive cell, which see their own images many times."""
    cell = 3.52 / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0.1]])
    for positions in (np.array([[7.3, -2.0, 0.4]]), np.array([[0.1, 0.2, 0.3], [1.9, 0.9, 1.2]])):
        ours = describe(nickel(positions, cell), Descriptor(), ["Ni"])
        theirs = torchani_features(nickel(positions, cell), ("Ni",), Descriptor(), images=7)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-11)


def test_supercell_repeats_the_features(liquid: tuple[Floats, Floats]) -> None:
    positions, cell = liquid
    corners = np.array(list(itertools.product(range(2), repeat=3)))
    large = (positions[None] + (corners @ cell)[:, None]).reshape(-1, 3)
    small = describe(nickel(positions, cell), Descriptor(), ["Ni"])
    repeated = describe(nickel(large, 2 * cell), Descriptor(), ["Ni"])
    np.testing.assert_allclose(repeated, np.tile(small, (8, 1)), rtol=0, atol=1e-12)


def test_wrapping_and_rotation_change_nothing(liquid: tuple[Floats, Floats]) -> None:
    positions, cell = liquid
    random = np.random.default_rng(0)
    before = describe(nickel(positions, cell), Descriptor(), ["Ni"])
    moved = positions + random.integers(-3, 4, positions.shape) @ cell
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    after = describe(nickel(moved @ turn, cell @ turn), Descriptor(), ["Ni"])
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-11)


@pytest.mark.parametrize("settings", [Descriptor(), AUTHORS], ids=["potstill", "authors"])
def test_pair_derivatives(liquid: tuple[Floats, Floats], settings: Descriptor) -> None:
    """The pair form, summed to dD/dx of every atom, equals central differences."""
    positions, cell = liquid
    given = nickel(positions, cell)
    values, pairs = describe_with_pairs(given, settings, ["Ni"])
    np.testing.assert_allclose(values, describe(given, settings, ["Ni"]), atol=1e-13)
    atoms, features = values.shape
    radial = settings.radial_shifts
    jacobian = np.zeros((atoms, features, atoms, 3))  # dD_i / dx_j
    for p, (i, j) in enumerate(pairs.radial_index):
        slope = np.outer(pairs.radial_slope[p], pairs.radial_unit[p])
        for centre in (i, j):  # the pair is in both atoms' features
            jacobian[centre, :radial, j] += slope
            jacobian[centre, :radial, i] -= slope
    for q, (i, j) in enumerate(pairs.angular_index):
        jacobian[i, radial:, j] += pairs.angular_slope[q].T
        jacobian[i, radial:, i] -= pairs.angular_slope[q].T
    step = 1e-5
    for atom in (0, 13):
        for axis in range(3):
            moved = np.stack([positions, positions])
            moved[0, atom, axis] += step
            moved[1, atom, axis] -= step
            both = nickel(moved, np.stack([cell, cell]))
            plus, minus = both.dense(describe(both, settings, ["Ni"]))
            numerical = (plus - minus) / (2 * step)
            np.testing.assert_allclose(jacobian[:, :, atom, axis], numerical, rtol=0, atol=2e-7)


@pytest.mark.parametrize("settings", [Descriptor(), AUTHORS], ids=["potstill", "authors"])
def test_no_stored_derivative_is_subnormal(
    liquid: tuple[Floats, Floats], settings: Descriptor
) -> None:
    _, pairs = describe_with_pairs(nickel(*liquid), settings, ["Ni"], np.float32)
    for slopes in (pairs.radial_slope, pairs.angular_slope):
        assert np.abs(slopes[slopes != 0]).min() > np.finfo(np.float32).tiny
    # the equation itself, in double precision, has smaller ones, and those alone are zero
    given = functions(settings)
    r = pairs.radial_length.astype(np.float64)
    cut = np.array([cutoff_at(length, given.radial_cutoff, given.smooth) for length in r])
    d = r[:, None] - given.radial_shifts
    term = 0.25 * np.exp(-given.radial_eta * d**2)
    slope = term * (cut[:, 1:] - 2 * given.radial_eta * d * cut[:, :1])
    assert 0.01 < np.mean((slope != 0) & (np.abs(slope) < np.finfo(np.float32).tiny)) < 0.5
    assert (pairs.radial_slope[np.abs(slope) < 0.9 * SMALLEST] == 0).all()
    assert (pairs.radial_slope[np.abs(slope) > 1.1 * SMALLEST] != 0).all()


def test_pairs_of_many_frames_keep_apart(liquid: tuple[Floats, Floats]) -> None:
    positions, cell = liquid
    frames = nickel(
        np.stack([positions, positions * 1.1, positions]), np.stack([cell, cell * 1.1, cell])
    )
    _, many = describe_with_pairs(frames, Descriptor(), ["Ni"])
    _, one = describe_with_pairs(nickel(positions, cell), Descriptor(), ["Ni"])
    assert many.radial_start[-1] == len(many.radial_slope)
    assert many.angular_start[-1] == len(many.angular_slope)
    for frame in (0, 2):
        part = slice(many.radial_start[frame], many.radial_start[frame + 1])
        np.testing.assert_array_equal(many.radial_slope[part], one.radial_slope)
        part = slice(many.angular_start[frame], many.angular_start[frame + 1])
        np.testing.assert_array_equal(many.angular_slope[part], one.angular_slope)


def test_shifts_leave_the_cutoff_out() -> None:
    np.testing.assert_allclose(shifts(1.6, 6.0, 4), [1.6, 2.7, 3.8, 4.9])


def test_the_authors_functions_are_those_that_they_published() -> None:
    parameters = functions(Training(preset="authors").descriptor)
    assert parameters.radial_shifts[[0, -1]] == pytest.approx([1.06875, 6.71], abs=0.003)
    assert parameters.angular_shifts[[0, -1]] == pytest.approx([0.8, 3.1625])
    assert (len(parameters.radial_shifts), len(parameters.angular_shifts)) == (22, 8)
    assert feature_count(Training(preset="authors").descriptor) == 54
    given = Training.model_validate(
        {"preset": "authors", "layers": [8], "descriptor": {"zeta": 8.0}}
    )
    assert given.layers == (8,) and given.activation == "gelu"
    assert given.descriptor.zeta == 8.0 and given.descriptor.radial_eta == 19.7
    assert Training.model_validate(given.model_dump()) == given
    assert given.descriptor.scaled(2).radial_end_A == 2 * 6.98125


@pytest.mark.parametrize("elements", [("Ni",), ("Be", "W")])
def test_size_of_the_derivatives(elements: tuple[str, ...]) -> None:
    many = mixed_structures(elements)
    _, pairs = describe_with_pairs(many, Descriptor(), elements, np.float32)
    by_pair = [array for name, array in vars(pairs).items() if name.endswith(_BY_PAIR)]
    assert len(by_pair) == 7
    size = sum(array.nbytes for array in by_pair)
    assert pairs_bytes(many, Descriptor(), elements, np.float32) == size


_BY_PAIR = ("_index", "_unit", "_length", "_vector", "_slope")


def test_coinciding_atoms_are_named(liquid: tuple[Floats, Floats]) -> None:
    positions, cell = liquid
    bad = positions.copy()
    bad[3] = bad[7]
    both = nickel(np.stack([positions, bad]), np.stack([cell, cell]))
    with pytest.raises(PotstillError, match="frame 1: atoms 3 and 7 are on one spot"):
        describe_with_pairs(both, Descriptor(), ["Ni"])


@pytest.mark.parametrize("eta", [0.5, 12.0, 19.7, 2000.0, 20000.0])
def test_gaussians_from_two_exponentials(eta: float) -> None:
    """Inside and outside the range of the shifts, and too narrow for the recurrence."""
    centres = shifts(1.6, 6.0, 24)
    found = np.empty(24)
    for r in (0.3, 1.6, 2.345, 4.4, 5.99, 9.0):
        _gaussians(r, centres, eta, gaussian_ratios(centres, eta), found)
        np.testing.assert_allclose(found, np.exp(-eta * (r - centres) ** 2), rtol=1e-9, atol=1e-290)


def test_sums_do_not_depend_on_what_was_compiled_first() -> None:
    """numba lets a function that says nothing of fastmath inherit it from its first caller."""
    decorators = [
        line
        for module in (angular, force_kernels, pair_strain, pairs, radial)
        for line in Path(module.__file__).read_text().splitlines()
        if line.startswith(("@njit", "@parallel"))
    ]
    assert len(decorators) >= 20
    assert [line for line in decorators if "fastmath=" not in line] == []
