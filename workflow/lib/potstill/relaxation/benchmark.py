"""The benchmark of a potential: FCC, BCC and HCP crystals, relaxed."""

from dataclasses import asdict
from pathlib import Path

from ase.calculators.calculator import Calculator

from potstill.relaxation.calculators import open_calculator
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import relax
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.settings import Element, Settings


def relax_model(
    *,
    potential: Path | None = None,
    model: str,
    symbol: str,
    element: Element,
    configuration: Settings,
    output: Path,
) -> None:
    """Relax the crystals of one element with a reference or with a model, see `relax_crystals`.

    potential: a trained ensemble, or the table of the EAM. The reference may be the calculator that
    the configuration names for labels, see `open_calculator`.
    """
    calculator = open_calculator(
        model,
        potential,
        symbol,
        labels=configuration.labels.get(symbol),
        folder=output.with_suffix(".work"),
    )
    relax_crystals(calculator, model=model, symbol=symbol, element=element, output=output)


def relax_crystals(
    calculator: Calculator, *, model: str, symbol: str, element: Element, output: Path
) -> None:
    """Relax the crystals of `symbol` with an ASE calculator and write them as JSON.

    All start with the volume of an atom in the element's own crystal. The file holds `model`,
    `symbol` and `crystals`, a list of what `relax.Relaxed` describes with `structure` and `atoms`.
    One that did not converge is reported as such, with its last sane state.
    """
    rows = []
    for crystal in build_crystals(symbol, element.volume_per_atom_A3):
        relaxed = relax(crystal, calculator)
        rows.append(
            {"structure": crystal.structure, "atoms": len(crystal.atoms), **asdict(relaxed)}
        )
        say(
            f"relax: {symbol} {crystal.structure} with {model}: "
            f"{relaxed.bond_length_A:.4f} A, {relaxed.energy_eV_per_atom:.5f} eV/atom, "
            f"{relaxed.steps} steps{'' if relaxed.converged else ', NOT CONVERGED'}"
        )
    write_json(output, {"model": model, "symbol": symbol, "crystals": rows})
