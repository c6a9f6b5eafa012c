"""Styles of QGIS (QML) for the layers of a report: colours by verdict, marks by tier, and field aliases in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from siting.text import Lang, knows, say

_VERSION: Final = "3.22.0"
# Colours of verdicts, as in the workbook: fill and outline (red, green, blue, opacity).
_VERDICTS: Final = {
    "gap": ("229,115,107,150", "161,38,34,255"),
    "no_data": ("245,203,92,150", "122,90,0,255"),
    "met": ("120,190,140,150", "30,107,56,255"),
    "not_applicable": ("200,205,209,120", "120,128,134,255"),
}
_TIERS: Final = {
    "institution": ("square", "107,76,154,255", "4"),
    "centre": ("diamond", "31,95,168,255", "4.4"),
    "station": ("circle", "59,110,143,255", "3"),
}
_STATION: Final = ("star", "209,121,59,255", "5")
_WHITE: Final = "255,255,255,255"


@dataclass(frozen=True)
class Styled:
    """How a layer is drawn: the column that its symbols depend on, their kind, and where their words are."""

    by: str
    kind: str
    group: str


# What the symbols of a layer depend on, by the first word of its name.
_DRAWN: Final[Mapping[str, Styled]] = {
    "unit": Styled("verdict", "fill", "verdict"),
    "places": Styled("verdict", "fill", "verdict"),
    "facilities": Styled("tier", "marker", "tier"),
    "stations": Styled("", "marker", ""),
    "circles": Styled("", "fill", ""),
}


def style_of(layer: str, columns: Sequence[str], lang: Lang) -> str | None:
    """Return the style of a layer as QML; None for tables without geometry.

    Parameters
    ----------
    layer : str
        Name of the layer.
    columns : sequence of str
        Its columns, in order: each gets its alias.
    lang : {"zh", "en"}
        Language of legend and aliases.

    Examples
    --------
    >>> from siting.write.qgis_styles import style_of
    >>> "未达标" in style_of("unit_street", ["verdict"], "zh"), style_of("checks", [], "zh")
    (True, None)
    """
    drawn = _DRAWN.get(layer.partition("_")[0])
    if drawn is None:
        return None
    root = Element("qgis", version=_VERSION, styleCategories="Symbology|Fields")
    if drawn.by:
        _categories(root, drawn, lang)
    else:
        renderer = SubElement(root, "renderer-v2", type="singleSymbol")
        symbols = SubElement(renderer, "symbols")
        if drawn.kind == "marker":
            _marker(symbols, "0", *_STATION)
        else:
            _fill(symbols, "0", "59,110,143,60", "59,110,143,255")
    aliases = SubElement(root, "aliases")
    for index, (key, name) in enumerate(aliases_of(columns, lang).items()):
        SubElement(aliases, "alias", field=key, index=str(index), name=name)
    return '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n' + tostring(root, encoding="unicode")


def aliases_of(columns: Sequence[str], lang: Lang) -> dict[str, str]:
    """Return the names of columns in words; a column without one keeps its own.

    Examples
    --------
    >>> from siting.write.qgis_styles import aliases_of
    >>> aliases_of(["residents", "home_street", "x"], "zh")
    {'residents': '常住人口', 'home_street': '所在街道（镇）', 'x': 'x'}
    """
    return {key: _alias(key, lang) for key in columns}


def _alias(key: str, lang: Lang) -> str:
    if key.startswith("home_"):
        return say("report.layer.home", lang, level=say(f"level.{key.removeprefix('home_')}", lang))
    named = (f"report.head.{key}", f"field.{key}")
    return next((say(each, lang) for each in named if knows(each)), key)


def _categories(root: Element, drawn: Styled, lang: Lang) -> None:
    renderer = SubElement(root, "renderer-v2", type="categorizedSymbol", attr=drawn.by, symbollevels="0")
    listed, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    values = _VERDICTS if drawn.by == "verdict" else _TIERS
    for number, (value, look) in enumerate(values.items()):
        name = str(number)
        label = say(f"{drawn.group}.{value}", lang)
        SubElement(listed, "category", value=value, label=label, symbol=name, render="true")
        if drawn.kind == "fill":
            _fill(symbols, name, *look)
        else:
            _marker(symbols, name, *look)


def _fill(symbols: Element, name: str, colour: str, outline: str) -> None:
    look = {"color": colour, "outline_color": outline, "outline_width": "0.26", "outline_width_unit": "MM"}
    _symbol(symbols, name, "fill", "SimpleFill", {**look, "style": "solid", "outline_style": "solid"})


def _marker(symbols: Element, name: str, shape: str, colour: str, size: str) -> None:
    look = {"name": shape, "color": colour, "size": size, "size_unit": "MM"}
    _symbol(symbols, name, "marker", "SimpleMarker", {**look, "outline_color": _WHITE, "outline_width": "0.3"})


def _symbol(symbols: Element, name: str, kind: str, layer: str, look: Mapping[str, str]) -> None:
    symbol = SubElement(symbols, "symbol", type=kind, name=name, alpha="1")
    drawn = SubElement(symbol, "layer", {"class": layer, "enabled": "1", "pass": "0"})
    for key, value in look.items():
        SubElement(drawn, "prop", k=key, v=value)
