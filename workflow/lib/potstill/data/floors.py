"""Below what labels say nothing: what varies by less is rounding.

DFT codes converge energies to about 0.01 meV an atom, forces to 1 meV/A and stress to 0.1 kbar
(6e-5 eV/A^3) at best; EAM tables round at 1e-7 eV. All are root mean squares, an energy's per atom.
"""

ENERGY_FLOOR_EV, FORCE_FLOOR_EV_PER_A, STRESS_FLOOR_EV_PER_A3 = 1e-5, 1e-3, 1e-5
