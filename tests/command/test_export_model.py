"""`potstill export`: what other programs load gives the same energies."""

import pytest
import torch
from ensembles import mixed_structures
from torchani.units import HARTREE_TO_EV

from potstill.errors import PotstillError
from potstill.models.model_file import load_ensemble, save_ensemble


@pytest.mark.parametrize("to", ["torchani", "torchscript"])
def test_the_same_energy(potstill, make_ensemble, tmp_path, to):
    one = mixed_structures(("Be", "W")).structures([0])
    save_ensemble(tmp_path / "model.pt", make_ensemble(one))
    out = tmp_path / f"model.{to}"
    potstill("export", tmp_path / "model.pt", "--to", to, "-o", out)
    loaded = torch.load(out, weights_only=False) if to == "torchani" else torch.jit.load(str(out))
    species, x = torch.tensor(one.species)[None], torch.tensor(one.positions)[None]
    found = loaded((species, x), torch.tensor(one.cell[0]), torch.tensor([True] * 3)).energies
    # as the file of the model has it: its weights are float32
    ours = load_ensemble(tmp_path / "model.pt").predict(one, forces=False).energy[0]
    assert float(found[0].detach()) * HARTREE_TO_EV == pytest.approx(ours, abs=1e-7)


def test_bad_input(potstill, ensemble, tmp_path):
    save_ensemble(tmp_path / "model.pt", ensemble)
    with pytest.raises(PotstillError, match=r"model.pt: is an input as well"):
        potstill("export", tmp_path / "model.pt", "--to", "torchani", "-o", tmp_path / "model.pt")
    with pytest.raises(PotstillError, match=r"absent.pt: no such model file"):
        potstill("export", tmp_path / "absent.pt", "--to", "torchani", "-o", tmp_path / "out")
    words = ("export", tmp_path / "model.pt", "--to", "onnx", "-o", tmp_path / "out")
    assert potstill(*words).exit_code == 2
