"""Puts the simulated yearbook on disk; cbe_assets/simulate makes it."""

from __future__ import annotations

from pathlib import Path

from cbe_assets.assets.raw import gazetteer, read_reference
from cbe_assets.study import Study
from cbe_assets.warehouse import write_atomically


def yearbook_files(study: Study, seed: int | None, through: int | None) -> dict[str, bytes]:
    """Every file of the simulated yearbook of a study, path relative to the yearbooks folder -> bytes."""
    from cbe_assets.simulate.yearbook import simulate, write

    simulated = simulate(
        study,
        gazetteer(study),
        read_reference(study, study.reference_tables["pilot_zones"]),
        read_reference(study, study.reference_tables["exchange_rate"]),
        seed=study.settings.seeds.simulate if seed is None else seed,
        through=through or study.settings.years[1],
    )
    return write(simulated)


def write_yearbook(root: Path | None, out: Path | None, seed: int | None, through: int | None) -> tuple[Path, int]:
    """Writes the simulated yearbook; returns the folder and the number of files."""
    study = Study.load(root)
    folder = out or study.data / "sample"
    files = yearbook_files(study, seed, through)
    for path, data in sorted(files.items()):
        write_atomically(folder / path, data)
    return folder, len(files)
