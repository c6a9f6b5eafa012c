"""The checked grid as a GeoTIFF of several bands."""

from pathlib import Path
from typing import Final

import numpy as np
from rasterio.io import MemoryFile

from siting.domain.nouns import Assessment
from siting.domain.scenario import fingerprint
from siting.domain.tables import GRID_COLUMNS
from siting.text import say
from siting.version import __version__
from siting.write.files import write_bytes

# No figure of a cell is negative.
_NODATA: Final = -1.0


def write_grid(path: Path, assessment: Assessment) -> None:
    """Write every populated cell's figures, one band for each column of ``GRID_COLUMNS``, on the grid's own geometry.

    Parameters
    ----------
    path : pathlib.Path
        GeoTIFF to write; float64, nodata −1, band descriptions are the columns' keys.
    assessment : Assessment
        The report. Persons are those inside the units, so that a band's sum is the total of the report.
    """
    grid = assessment.demand.grid
    # Created in memory: GDAL does not report if the last bytes of a file do not fit on the disk.
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            height=grid.shape[0],
            width=grid.shape[1],
            count=len(GRID_COLUMNS),
            dtype="float64",
            crs=grid.crs.to_wkt(),
            transform=grid.transform,
            nodata=_NODATA,
            compress="deflate",
        ) as file:
            file.update_tags(
                SITING=__version__, SCENARIO_SHA256=fingerprint(assessment.inputs.scenario, assessment.inputs.digests)
            )
            if assessment.inputs.scenario.scenario.share:
                file.update_tags(PEOPLE=say("table.people_rounded", "en"))
            for band, column in enumerate(GRID_COLUMNS, start=1):
                values = np.full(grid.shape[0] * grid.shape[1], _NODATA)
                values[assessment.cells.index.to_numpy()] = assessment.cells[column.key].fillna(_NODATA)
                file.write(values.reshape(grid.shape), band)
                file.set_band_description(band, column.key)
        write_bytes(path, memory.read())
