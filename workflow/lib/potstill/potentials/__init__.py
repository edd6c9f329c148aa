"""The reference potentials: fetched and verified tables, and EAM energies from them."""
