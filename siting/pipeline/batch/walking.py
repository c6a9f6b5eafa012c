"""The walks of a scenario, part by part on workers, and joined."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from siting.domain.nouns import Bools, Floats, Progress
from siting.domain.scenario import Walking
from siting.errors import Fault, InputError
from siting.files import write_fault_code
from siting.pipeline.batch.dividing import part_of_points
from siting.pipeline.batch.engine import Done, Engine
from siting.pipeline.batch.storage import Storage
from siting.travel.access import Walked
from siting.travel.cache import digest, packed, unpacked
from siting.travel.partition import PartRows, WalkPart, join_walks, split_walks, walk_part
from siting.travel.ways import Prepared

STAGE = "parts"


@dataclass(frozen=True)
class PartedWalker:
    """Computes walks in parts, as :func:`siting.travel.access.walk` computes them undivided.

    Parameters
    ----------
    engine : Engine
        Where parts are computed.
    storage : Storage
        Where their inputs and results lie: a part that is there already is not computed again.
    units : geopandas.GeoDataFrame
        The units of the parts, indexed by id.
    names : tuple of str
        The name of each part in messages and files.
    progress : callable
        Called as ``("parts", done, total)``.
    """

    engine: Engine
    storage: Storage
    units: gpd.GeoDataFrame
    names: tuple[str, ...]
    progress: Progress

    def __call__(
        self,
        ways: Prepared,
        sites: gpd.GeoDataFrame,
        counting: Bools,
        cells: pd.DataFrame,
        walking: Walking,
        *,
        cutoff_s: Floats | None = None,
        circles: bool = True,
        scale_s: float = 0.0,
    ) -> Walked:
        """Return the walks between sites and cells.

        Raises
        ------
        InputError
            One fault for each part that failed; the results of the others stay in the storage.
        """
        xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
        of_site, of_cell = part_of_points(self.units, xy), part_of_points(self.units, cells[["x", "y"]].to_numpy())
        rows: dict[str, PartRows] = {}
        keys: dict[str, str] = {}
        found: dict[str, Walked] = {}
        for number, part in split_walks(
            *(ways, sites, counting, cells, walking, (of_site, of_cell)),
            cutoff_s=cutoff_s,
            circles=circles,
            scale_s=scale_s,
        ):
            name, key = self.names[number], digest("part", part)
            rows[name], kept = part.rows, unpacked(self.storage.load(_result(key)))
            if isinstance(kept, Walked):
                found[name] = kept
                continue
            keys[name] = key
            self._prepare(name, key, part)
        found |= self._computed(keys, len(rows))
        return join_walks(ways, len(sites), len(cells), [(rows[name], found[name]) for name in rows])

    def _prepare(self, name: str, key: str, part: WalkPart) -> None:
        """Write what a part needs to the storage."""
        try:
            self.storage.save(_input(key), packed(part))
        except OSError as error:
            raise InputError(faults_of(Done(name, error=error))) from error

    def _computed(self, keys: Mapping[str, str], parts: int) -> dict[str, Walked]:
        """Compute parts on the workers, and return their walks by name."""
        asked = {name: (self.storage, key) for name, key in keys.items()}
        found: dict[str, Walked] = {}
        faults: list[Fault] = []
        self.progress(STAGE, parts - len(keys), parts)
        for number, done in enumerate(self.engine.each(walk_stored, asked), 1):
            walked = unpacked(self.storage.load(_result(keys[done.name]))) if done.error is None else None
            if isinstance(walked, Walked):
                found[done.name] = walked
                self.storage.drop(_input(keys[done.name]))
            else:
                faults += faults_of(done)
            self.progress(STAGE, parts - len(keys) + number, parts)
        if faults:
            raise InputError([*faults, Fault(code="batch_resume", found=str(len(faults)), expected=str(parts))])
        return found


def walk_stored(storage: Storage, key: str) -> None:
    """Compute the walks of a part whose inputs lie in a storage, and leave the result there; run on a worker."""
    part = unpacked(storage.load(_input(key)))
    if not isinstance(part, WalkPart):
        message = f"{storage.url} has no inputs of this part"
        raise FileNotFoundError(message)
    storage.save(_result(key), packed(walk_part(part)))


def faults_of(done: Done) -> list[Fault]:
    """Return the faults of a part that failed: its name and the cause, or the faults of its files."""
    error = done.error
    if isinstance(error, InputError):
        return [Fault(code="part_faults", found=done.name), *error.faults]
    if isinstance(error, OSError) and write_fault_code(error) == "disk_full":
        return [Fault(code="part_disk_full", found=done.name, expected=str(error))]
    if type(error).__name__ == "KilledWorker":
        return [Fault(code="part_worker_died", found=done.name)]
    return [Fault(code="part_failed", found=done.name, expected=f"{type(error).__name__}: {error}")]


def _input(key: str) -> str:
    return f"{key}-in"


def _result(key: str) -> str:
    return f"{key}-out"
