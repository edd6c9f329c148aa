"""The tables that the project knows: what they are, where copies lie, and what they must hold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownTable:
    """A published EAM table.

    sha256: of its numbers (`setfl.numbers_sha256`); nothing else is accepted under this name.
    comments: the three comment lines of the written file. urls: NIST's Interatomic Potentials
    Repository and its mirror. kim_model, kim_symbol: the model in Debian's `openkim-models` and the
    ELF data symbol that holds the text. lammps_file: the copy that LAMMPS ships, if it ships one.
    """

    name: str
    elements: tuple[str, ...]
    citation: str
    sha256: str
    urls: tuple[str, ...]
    kim_model: str
    kim_symbol: str
    lammps_file: str | None = None

    @property
    def comments(self) -> tuple[str, str, str]:
        """Comment lines that are the same whatever copy the numbers came from."""
        return (
            f"EAM (Finnis-Sinclair) table {self.name}: {', '.join(self.elements)}",
            self.citation,
            f"SHA-256 of the numbers: {self.sha256}",
        )


_NIST = "https://www.ctcms.nist.gov/potentials/Download"
_MIRROR = "https://raw.githubusercontent.com/lmhale99/potentials-library/master/potential_LAMMPS"

KNOWN = {
    table.name: table
    for table in (
        KnownTable(
            name="Ni-Nb",
            elements=("Ni", "Nb"),
            citation=(
                "Y. Zhang, R. Ashcraft, M.I. Mendelev, C.Z. Wang, K.F. Kelton, "
                "J. Chem. Phys. 145, 204505 (2016)"
            ),
            sha256="97abb312bdc48ff9b6900f072f0d1ab07b92f2de244f3778c5ac9fa54a8f46dd",
            urls=(
                f"{_NIST}/2016--Zhang-Y-Ashcraft-R-Mendelev-M-I-et-al--Ni-Nb/1/Ni-Nb_1.eam.fs",
                f"{_MIRROR}/2016--Zhang-Y--Ni-Nb--LAMMPS--ipr1/Ni-Nb_1.eam.fs",
            ),
            kim_model="EAM_Dynamo_ZhangAshcraftMendelev_2016_NiNb__MO_047308317761_000",
            kim_symbol="Ni_Nb_1_eam_fs",
        ),
        KnownTable(
            name="Al",
            elements=("Al",),
            citation=(
                "M.I. Mendelev, M.J. Kramer, C.A. Becker, M. Asta, Phil. Mag. 88, 1723 (2008)"
            ),
            sha256="b8b4048eee85494e4e93cda6ac8d5d039b56249cb0f3413e503566b618b239ee",
            urls=(
                f"{_NIST}/2008--Mendelev-M-I-Kramer-M-J-Becker-C-A-Asta-M--Al/1/Al1.eam.fs",
                f"{_MIRROR}/2008--Mendelev-M-I--Al--LAMMPS--ipr1/Al1.eam.fs",
            ),
            kim_model="EAM_Dynamo_MendelevKramerBecker_2008_Al__MO_106969701023_005",
            kim_symbol="Al1_eam_fs",
            lammps_file="Al_mm.eam.fs",
        ),
    )
}
