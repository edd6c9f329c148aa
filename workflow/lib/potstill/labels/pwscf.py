"""Labels by density functional theory: Quantum ESPRESSO's `pw.x`, with settings for metals.

Giannozzi et al., J. Phys. Condens. Matter 29, 465901 (2017). Debian's package `quantum-espresso`
has the program.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ase.calculators.espresso import Espresso, EspressoProfile

from potstill.errors import PotstillError
from potstill.labels.gth_files import FOLDER

# An estimate of the energy's error at which the charge counts as converged, Ry.
CHARGE_Ry = 1e-8


def pwscf(
    cutoff_Ry: float,
    k_spacing_per_A: float,
    smearing_Ry: float,
    *,
    pseudopotentials: str | None = None,
    command: str = "pw.x",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Espresso:
    """Return an ASE calculator of `pw.x` for metals without magnetism: energy, forces and stress.

    cutoff_Ry: of the plane waves. k_spacing_per_A: the largest distance of k-points along the
    reciprocal vectors, those of ASE without 2 pi; meshes are Monkhorst and Pack's, moved by half a
    step. smearing_Ry: width of the cold smearing (Marzari et al., Phys. Rev. Lett. 82, 3296
    (1999)). The energy is the free one, whose derivative the forces are.

    pseudopotentials: a folder of files called `Al.gth`, see `gth_files`, or `Al.upf`; None for
    those that come with Potstill. settings: further ones of `pw.x` by namelist, as
    `{electrons: {mixing_beta: 0.3}}`. Raises PotstillError where program or folder are missing.
    """
    program = command.split()[0]
    if shutil.which(program) is None:
        raise PotstillError(
            f"{program} is not found; install Quantum ESPRESSO (Debian: apt-get install "
            "quantum-espresso), or correct command"
        )
    folder = Path(pseudopotentials or FOLDER).absolute()
    files = {path.stem: path.name for path in sorted(folder.glob("*.[ug][pt][fh]"))}
    if not files:
        raise PotstillError(f"pseudopotentials: {folder} holds no .gth or .upf file; name another")
    given = {name: dict(values) for name, values in (settings or {}).items()}
    return Espresso(
        profile=EspressoProfile(command=command, pseudo_dir=folder),
        pseudopotentials=files,
        kspacing=k_spacing_per_A,
        koffset=(1, 1, 1),
        input_data={
            "control": {"tprnfor": True, "tstress": True, "disk_io": "none"}
            | given.pop("control", {}),
            "system": {
                "ecutwfc": cutoff_Ry,
                "occupations": "smearing",
                "smearing": "cold",
                "degauss": smearing_Ry,
            }
            | given.pop("system", {}),
            # the second keeps charge from running to and fro in a metal's cell
            "electrons": {"conv_thr": CHARGE_Ry, "mixing_mode": "TF", "electron_maxstep": 200}
            | given.pop("electrons", {}),
            **given,
        },
    )
