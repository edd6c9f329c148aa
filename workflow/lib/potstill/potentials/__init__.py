"""Published EAM potentials: fetched and verified tables, and energies from them."""
