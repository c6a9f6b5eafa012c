"""A drawing (DXF) of facilities, circles, gaps and units, a layer each, for CAD."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from ezdxf import new, options, units
from ezdxf.document import Drawing
from ezdxf.layouts import Modelspace
from ezdxf.lldxf.const import BYLAYER

from siting.characters import shown
from siting.domain.nouns import Assessment, Proposal
from siting.text import Lang, say
from siting.write.files import write_bytes

# Releases until 2004 name the encoding of their texts, which every program heeds; later ones are UTF-8, and GDAL reads
# them as Latin-1.
_RELEASE: Final = "R2004"
_ENCODING: Final = "gbk"
_STYLE: Final = "SITING"
# A TrueType font with Chinese characters that every Chinese Windows has.
_FONT: Final = "simsun.ttc"
# Texts have this share of the drawing's width as their height.
_TEXT: Final = 1 / 400
_LONGEST: Final = 60
_LAST: Final = 0xFFFF
_TIERS: Final[Mapping[str, int]] = {"institution": 6, "centre": 5, "station": 4}
_LEVELS: Final = ("city", "district", "planning", "street", "community")
# AutoCAD's colour numbers.
_RED, _YELLOW, _GREEN, _BLUE, _GREY, _WHITE = 1, 2, 3, 5, 8, 7


@dataclass(frozen=True)
class _Pen:
    """Draws into the model space of a document."""

    document: Drawing
    space: Modelspace
    height: float
    lang: Lang

    def layer(self, key: str, colour: int, **words: str) -> str:
        """Return a layer's name in words; it is made if it is missing."""
        name = say(f"drawing.{key}", self.lang, **words)
        if name not in self.document.layers:
            self.document.layers.add(name, color=colour)
        return name

    def areas(self, shapes: gpd.GeoSeries, layer: str, *, filled: bool = False) -> None:
        """Draw outlines of polygons, and fill them."""
        for shape in shapes.to_numpy():
            for part in shapely.get_parts(shape):
                if not isinstance(part, shapely.Polygon) or part.is_empty:
                    continue
                rings = [list(ring.coords)[:-1] for ring in (part.exterior, *part.interiors)]
                for ring in rings:
                    self.space.add_lwpolyline([point[:2] for point in ring], close=True, dxfattribs={"layer": layer})
                if filled:
                    hatch = self.space.add_hatch(color=BYLAYER, dxfattribs={"layer": layer})
                    hatch.transparency = 0.6
                    for ring in rings:
                        hatch.paths.add_polyline_path([point[:2] for point in ring], is_closed=True)

    def points(self, frame: gpd.GeoDataFrame, names: list[str], layer: str) -> None:
        """Draw a circle around each point, and its name beside it."""
        for shape, name in zip(frame.geometry.to_numpy(), names, strict=True):
            self.space.add_circle((shape.x, shape.y), self.height, dxfattribs={"layer": layer})
            self.space.add_point((shape.x, shape.y), dxfattribs={"layer": layer})
            self.text(name, shape.x + 1.5 * self.height, shape.y, layer)

    def names(self, frame: gpd.GeoDataFrame, names: list[str], layer: str) -> None:
        """Write names within areas."""
        for shape, name in zip(frame.geometry.to_numpy(), names, strict=True):
            if shape is not None and not shape.is_empty:
                inside = shapely.point_on_surface(shape)
                self.text(name, inside.x, inside.y, layer)

    def text(self, words: str, x: float, y: float, layer: str) -> None:
        """Write one line of text."""
        attributes = {"layer": layer, "style": _STYLE, "height": self.height, "insert": (x, y)}
        self.space.add_text(_plain(words), dxfattribs=attributes)


def write_drawing(path: Path, assessment: Assessment, proposal: Proposal | None, lang: Lang) -> None:
    """Write a drawing in the metric CRS of the assessment, metres.

    Parameters
    ----------
    path : pathlib.Path
        ``.dxf``; it is replaced whole, and holds the same bytes for the same input.
    assessment : Assessment
        The gap report, without the plan.
    proposal : Proposal or None
        The plan.
    lang : {"zh", "en"}
        Language of layers and texts.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with _same_every_time():
        document = new(_RELEASE, units=units.M)
        document.encoding = _ENCODING
        document.styles.add(_STYLE, font=_FONT)
        west, south, east, north = _bounds(assessment)
        pen = _Pen(document, document.modelspace(), (east - west) * _TEXT, lang)
        _units(pen, assessment)
        _estates(pen, assessment)
        pen.areas(assessment.circles.geometry, pen.layer("circles", _BLUE))
        for tier, colour in _TIERS.items():
            rows = assessment.facilities[assessment.facilities["tier"] == tier]
            pen.points(rows, _names(rows), pen.layer("facilities", colour, tier=say(f"tier.{tier}", lang)))
        if proposal is not None and len(proposal.stations):
            stations = proposal.stations
            told = [f"{rank} {name}" for rank, name in zip(stations["rank"], _names(stations), strict=True)]
            pen.points(stations, told, pen.layer("stations", _RED))
        for line, words in enumerate(_title(assessment, lang)):
            pen.text(words, west, south - (3 + 2 * line) * pen.height, pen.layer("title", _WHITE))
        document.header["$EXTMIN"], document.header["$EXTMAX"] = (west, south, 0.0), (east, north, 0.0)
        document.set_modelspace_vport(height=(north - south) * 1.1, center=((west + east) / 2, (south + north) / 2))
        # ezdxf collects the classes that a drawing needs in a set, whose order changes from process to process.
        document.classes.add_required_classes(document.dxfversion)
        document.classes.classes = dict(sorted(document.classes.classes.items()))
        page = StringIO()
        document.write(page)
    # A character that the encoding lacks becomes a code of the format, which CAD shows as the character.
    write_bytes(path, page.getvalue().encode(_ENCODING, "dxfreplace"))


@contextmanager
def _same_every_time() -> Iterator[None]:
    """Write no clock and no random ids into a drawing."""
    before = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        options.write_fixed_meta_data_for_testing = before


def _bounds(assessment: Assessment) -> tuple[float, float, float, float]:
    found = assessment.places.geometry.dropna()
    bounds: Any = found.total_bounds if len(found) else np.array([0.0, 0.0, 1000.0, 1000.0])
    west, south, east, north = bounds.tolist()
    return west, south, east, north


def _units(pen: _Pen, assessment: Assessment) -> None:
    for level in _LEVELS:
        rows = assessment.places[assessment.places["level"] == level]
        if len(rows):
            layer = pen.layer("units", _GREY if level == "community" else _WHITE, level=say(f"level.{level}", pen.lang))
            pen.areas(rows.geometry, layer)
            pen.names(rows, _names(rows), layer)


def _estates(pen: _Pen, assessment: Assessment) -> None:
    """Draw the residential areas by verdict; those that are not met are filled."""
    estates = assessment.places[assessment.places["level"] == "residential_area"]
    for verdict, colour in (("met", _GREEN), ("no_data", _YELLOW), ("gap", _RED), ("not_applicable", _GREY)):
        rows = estates[estates["verdict"] == verdict]
        if len(rows):
            layer = pen.layer("estates", colour, verdict=say(f"verdict.{verdict}", pen.lang))
            pen.areas(rows.geometry, layer, filled=verdict == "gap")
            pen.names(rows, _names(rows), layer)


def _names(rows: gpd.GeoDataFrame) -> list[str]:
    """Return the names of rows; the id where there is none."""
    ids = rows["id"] if "id" in rows else rows.index.to_series()
    named = rows.get("name", ids)
    return [str(name) if isinstance(name, str) and name else str(key) for name, key in zip(named, ids, strict=True)]


def _title(assessment: Assessment, lang: Lang) -> Iterator[str]:
    scenario = assessment.inputs.scenario.scenario
    yield f"{scenario.title} {scenario.date.isoformat()}"
    yield say("drawing.crs", lang, crs=f"{assessment.inputs.crs.to_string()} {assessment.inputs.crs.name}")
    if scenario.share:
        yield say("table.people_rounded", lang)


def _plain(words: str) -> str:
    """Return a text in which no character begins a code of the format."""
    told = shown(words.translate({ord(each): " " for each in "\n\r\t"}))
    told = told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
    # Its codes of characters have four digits; the sign is that of missing ones in Chinese print.
    told = "".join(each if ord(each) <= _LAST else "〓" for each in told)
    return told.replace("%%", "% %").replace("^", "^ ")
