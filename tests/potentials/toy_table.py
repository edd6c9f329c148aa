"""A small copper-like eam/alloy table as text, and what real public files have done to theirs."""

from collections.abc import Sequence

import numpy as np

RHO_STEP, RHO_NODES, NODES, CUTOFF_A = 0.05, 120, 160, 6.0
R_STEP = CUTOFF_A / (NODES - 1)
R = np.arange(NODES) * R_STEP
SWITCH = (1 - R / CUTOFF_A).clip(0) ** 3
EMBEDDING = 0.14 - 1.4 * np.sqrt(np.arange(RHO_NODES) * RHO_STEP + 0.01)
DENSITY = 4.0 * np.exp(1.5 - R) * SWITCH
PAIR = 3.0 * np.exp(-2.2 * (R - 2.0)) * SWITCH * R
# a density that is negative around 4.9 A
DIPPING = DENSITY - 0.12 * np.exp(-(((R - 4.9) / 0.5) ** 2)) * (R < CUTOFF_A - 0.05)


def rows(values: np.ndarray, per: int = 5) -> list[str]:
    words = [f"{value:.16e}" for value in values]
    return [" ".join(words[k : k + per]) for k in range(0, len(words), per)]


def mesh(cutoff: float = CUTOFF_A) -> str:
    return f"{RHO_NODES} {RHO_STEP} {NODES} {R_STEP!r} {cutoff}"


def toy_table(
    head: Sequence[str] = ("toy", "table", "for tests"),
    elements: str = "1 Cu",
    mesh: str = mesh(),
    element: str = "29 63.55 3.6 fcc",
    embedding: np.ndarray = EMBEDDING,
    density: np.ndarray = DENSITY,
    pair: np.ndarray = PAIR,
    per: int = 5,
    between: Sequence[str] = (),
    tail: Sequence[str] = (),
) -> str:
    functions = [*rows(embedding, per), *between, *rows(density, per), *between, *rows(pair, per)]
    return "\n".join([*head, elements, mesh, element, *functions, *tail]) + "\n"


def with_first(values: np.ndarray, first: float) -> np.ndarray:
    return np.append(first, values[1:])


WORD = rows(PAIR)[0].split()[1]
# What LAMMPS reads, by what is irregular about it.
READ = {
    "regular": toy_table(),
    "no lattice": toy_table(element="29 63.55 3.6"),
    "no lattice constant": toy_table(element="29 63.55"),
    "text after the lattice": toy_table(element="29 63.55 3.6 fcc (fitted)"),
    "text after the mesh": toy_table(mesh=mesh() + " Nrho drho Nr dr cutoff"),
    "comment after the mesh": toy_table(mesh=mesh() + " # mesh"),
    "mesh over two lines": toy_table(mesh=mesh().replace(" ", "\n", 1)),
    "comment after the elements": toy_table(elements="1 Cu # copper"),
    "comments between functions": toy_table(between=["# next function"]),
    "comments at the end": toy_table(tail=["# made with a script", "# free to use"]),
    "words at the end": toy_table(tail=["end of file"]),
    "not finite at r = 0": toy_table(
        density=with_first(DENSITY, np.inf), pair=with_first(PAIR, np.nan)
    ),
    "atomic number 0": toy_table(element="0 63.55 3.6 fcc"),
    "carriage returns and line feeds": toy_table().replace("\n", "\r\n"),
    "form feed among blanks": toy_table().replace(" ", "\f", 9),
    "byte order mark": "\ufeff" + toy_table(),
    "minus signs of typography": toy_table().replace("-", "\u2212", 5),
    "one value a line": toy_table(per=1),
    "no end of the last line": toy_table().rstrip("\n"),
    "blank lines": "a\nb\nc\n" + "\n\n".join(toy_table().split("\n")[3:]),
    "one value too many on the last line": toy_table(pair=np.append(PAIR, 9.0), per=7),
    "embedding too long by one line": toy_table(embedding=np.append(EMBEDDING, 9.0)),
    "density too long by one value": toy_table(density=np.append(DENSITY, 9.0), per=7),
    "cut-off inside the mesh": toy_table(mesh=mesh(5.5)),
    "cut-off beyond the mesh": toy_table(mesh=mesh(6.6)),
    "negative density": toy_table(density=DIPPING),
    "exponents of three digits": toy_table(density=np.where(R > 5.9, 1e-120, DENSITY)),
}
# What LAMMPS refuses, and the reason.
REFUSED = {
    "Fortran's exponents": (toy_table().replace("e-", "D-"), "has '.*D-.*' among the numbers"),
    "stars": (
        toy_table().replace(WORD, "**********", 1),
        r"has '\*+' among the numbers of the pair",
    ),
    "a word": (toy_table().replace(WORD, "oops", 1), "line 63 .* 'oops' .* pair function of Cu-Cu"),
    "underscores": (toy_table().replace(WORD, "1_0.0", 1), "has '1_0.0' among the numbers"),
    "two comments": (toy_table(head=("a", "b")), "line 4 of .* counts 120 elements and names 4"),
    "no symbol": (toy_table(elements="1"), "counts 1 elements and names 0"),
    "two symbols": (toy_table(elements="1 Cu Ni"), "counts 1 elements and names 2"),
    "a value too few": (toy_table(pair=PAIR[:-1]), "ends after 159 of 160 values of the pair func"),
    "an embedding too short": (toy_table(embedding=EMBEDDING[:-1], per=1), "fewer values than its"),
    "a count with a point": (toy_table(mesh=mesh().replace("120", "120.0")), "has '120.0' for the"),
    "a negative step": (
        toy_table(mesh=mesh().replace(" 0.05", " -0.05")),
        "has '-0.05' for the den",
    ),
    "an atomic number with a point": (toy_table(element="29.0 63.55 3.6 fcc"), "has '29.0' for an"),
    "no mass": (toy_table(element="29 0.0 3.6 fcc"), "has '0.0' for a mass"),
}
