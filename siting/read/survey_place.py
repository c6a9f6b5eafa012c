"""The standards for the data of a folder: those of the place where the data are, or a question."""

import re
from collections.abc import Sequence
from typing import Final

from siting.domain.draft import Draft, Remark
from siting.read.geometry.gcj02 import CHINA_BOX
from siting.read.geometry.projections import Bounds
from siting.read.log import listed
from siting.read.standards import all_standards
from siting.read.survey_layers import Look
from siting.read.survey_names import coordinates_in

_CHONGQING: Final = "重庆市"
# 东经105°11′–110°11′, 北纬28°10′–32°13′: the extent that the municipality's government states for itself, rounded
# outward to a hundredth of a degree.
_EXTENT: Final[Bounds] = (105.18, 28.16, 110.19, 32.22)
# Names for a district of Chongqing.
_DISTRICT: Final = re.compile(r"\w{1,12}(?<!社)(?<!小)(?<!园)(?<!街)(?<!新)(?<!开发)[区县]")
# A raster larger than this does not tell where a district is, degrees.
_LARGE: Final = 10.0


def standards_of(found: Sequence[Look], folder: str) -> Draft:
    """Return the draft's values for the standards: the place that the data indicate, or a question.

    Parameters
    ----------
    found : sequence of Look
        Everything in the folder.
    folder : str
        Its name.

    Returns
    -------
    Draft
        ``standards.place`` is filled in if all data lie within Chongqing, with the district if only one of the
        districts with their own documents is named. Otherwise it is a question: the catalogue has documents of
        Chongqing, which are not applied to data of other places unless the user asks for it.
    """
    centres = [centre for look in found if (centre := _centre(look)) is not None]
    if not centres:
        return Draft(asked={"standards.place": Remark("ask_place", {"places": _places()})})
    where = {"lon": f"{_mean(centres, 0):.2f}", "lat": f"{_mean(centres, 1):.2f}", "places": _places()}
    if all(_within(centre, _EXTENT) for centre in centres):
        place = _place(found, folder)
        code = "place_by_extent" if place == _CHONGQING else "place_by_name"
        remarks = {"standards": (Remark(code, {"place": place, **where}),)}
        leaving_out = [each for each in all_standards() if each.excludes and place.startswith(each.jurisdiction)]
        if leaving_out:
            places = "、".join(dict.fromkeys(name for each in leaving_out for name in each.excludes))
            values = {"standards": listed(each.number for each in leaving_out), "places": places}
            remarks["standards.exclude_area"] = (Remark("exclude_area", values),)
        return Draft({"standards.place": place}, remarks=remarks)
    if any(_within(centre, CHINA_BOX) for centre in centres):
        return Draft(asked={"standards.ids": Remark("ask_place_elsewhere", where)})
    own = "standard.toml"
    return Draft(
        asked={"standards.files": Remark("ask_place_abroad", {**where, "file": own})},
        suggested={"standards.files": (own,)},
    )


def _centre(look: Look) -> tuple[float, float] | None:
    """Return the approximate location of a layer; None if unknown."""
    area = look.area if look.area is not None else _of_columns(look)
    if area is None:
        return None
    west, south, east, north = area
    if look.form == "raster" and max(east - west, north - south) > _LARGE:
        return None
    return (west + east) / 2, (south + north) / 2


def _of_columns(look: Look) -> Bounds | None:
    """Return the extent of the longitudes and latitudes in a table; None for other coordinates."""
    if look.form != "table":
        return None
    points = coordinates_in(look.columns, look.rows)
    if not points or any(abs(x) > 180 or abs(y) > 90 for x, y in points):  # noqa: PLR2004 - degrees
        return None
    lon, lat = zip(*points, strict=True)
    return min(lon), min(lat), max(lon), max(lat)


def _mean(centres: Sequence[tuple[float, float]], axis: int) -> float:
    return sum(centre[axis] for centre in centres) / len(centres)


def _within(centre: tuple[float, float], area: Bounds) -> bool:
    (lon, lat), (west, south, east, north) = centre, area
    return west <= lon <= east and south <= lat <= north


def _places() -> str:
    return listed(sorted({each.jurisdiction for each in all_standards()}))


def _place(found: Sequence[Look], folder: str) -> str:
    """Return the only district with its own documents that the data name; otherwise Chongqing."""
    cells = [cell.strip() for look in found if look.form == "polygons" for row in look.rows for cell in row]
    named = {cell.removeprefix(_CHONGQING) for cell in cells}
    districts = {cell for cell in named if _DISTRICT.fullmatch(cell)}
    own = {each.jurisdiction.removeprefix(_CHONGQING): each.jurisdiction for each in all_standards()}
    own.pop("", None)
    if not districts:
        titles = [folder, *(look.path for look in found)]
        districts = {name for name in own if any(name in title for title in titles)}
    if len(districts) == 1:
        return own.get(next(iter(districts)), _CHONGQING)
    return _CHONGQING
