"""The icons: a shape and a colour for each tier, a style for each status, drawn as inline SVG."""

from dataclasses import dataclass
from typing import Any, Final

from siting.write.webmap.style import AFTER

TIER_COLOURS: Final = {"institution": "#253494", "centre": "#0b6e6e", "station": "#c2561a"}
# Outlines on a 24 × 24 sheet: a square, a hexagon and a disc, which differ without colour.
_OUTLINES: Final = {
    "institution": '<rect x="3" y="3" width="18" height="18" rx="2.5"{dress}/>',
    "centre": '<path d="M12 1.6 21.2 6.8v10.4L12 22.4 2.8 17.2V6.8Z"{dress}/>',
    "station": '<circle cx="12" cy="12" r="9.4"{dress}/>',
}
# A bed, a house, a person with a stick.
_GLYPHS: Final = {
    "institution": (
        '<path d="M6 7v10M6 14.6h12M18 17v-4.2a2 2 0 0 0-2-2h-5.2v3.6M8.4 11.2h.02" fill="none" stroke="{ink}" '
        'stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "centre": '<path d="M12 6.4 17.6 11h-1.4v5.8h-2.9v-3.6h-2.6v3.6H7.8V11H6.4Z" fill="{ink}"/>',
    "station": (
        '<circle cx="11" cy="7" r="1.9" fill="{ink}"/><path d="M11 9.6v4.2l-1.8 4M11 13.6l2 1.6.6 2.6M11 10.6l3.2 1.6'
        'M15.4 12v6" fill="none" stroke="{ink}" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
}
_CROSS: Final = (
    '<path d="M5 19 19 5" stroke="#f2f2f0" stroke-width="4.6"/>'
    '<path d="M5 19 19 5" stroke="#6f6f6d" stroke-width="2" stroke-linecap="round"/>'
)
_SHEET: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{width}" height="{height}" '
    'aria-hidden="true">'
)
SIZES: Final = {"institution": 24, "centre": 24, "station": 20}
STATUSES: Final = ("existing", "under_construction", "planned", "closing")


@dataclass(frozen=True)
class Icon:
    """A drawing, its size in pixels, and the point of it that marks the place."""

    svg: str
    size: tuple[int, int]
    anchor: tuple[int, int]

    def as_data(self, pane: str) -> dict[str, Any]:
        """Return the icon in the form of the page's script."""
        return {"svg": self.svg, "size": list(self.size), "anchor": list(self.anchor), "pane": pane}


def facility(tier: str, status: str, *, size: int | None = None) -> Icon:
    """Draw a facility: filled, hollow when planned, dashed under construction, struck out when closing."""
    tier = tier if tier in _OUTLINES else "station"
    colour = TIER_COLOURS[tier]
    hollow = status in {"planned", "under_construction"}
    fill, edge, ink = ("#ffffff", colour, colour) if hollow else (colour, "#ffffff", "#ffffff")
    if status == "closing":
        fill, edge, ink = "#f2f2f0", "#6f6f6d", "#8f8f8c"
    dash = ' stroke-dasharray="3.2 2.2"' if status == "under_construction" else ""
    dress = f' fill="{fill}" stroke="{edge}" stroke-width="1.8"{dash}'
    body = _OUTLINES[tier].format(dress=dress) + _GLYPHS[tier].format(ink=ink)
    if status == "closing":
        body += _CROSS
    side = size or SIZES[tier]
    return Icon(_sheet(24, 24, side, side) + body + "</svg>", (side, side), (side // 2, side // 2))


def proposed(rank: str = "", *, height: int = 36) -> Icon:
    """Draw the pin of a proposed station; the page writes the rank into its ``text``."""
    width = round(height * 28 / 36)
    body = (
        f'<path d="M14 35C11 28 2 22 2 13.4a12 12 0 0 1 24 0C26 22 17 28 14 35Z" fill="{AFTER}" stroke="#fff" '
        'stroke-width="1.8"/>'
        '<circle cx="14" cy="13.4" r="8.6" fill="#fff"/>'
        f'<text x="14" y="17.6" text-anchor="middle" font-size="11.5" font-weight="700" fill="{AFTER}">{rank}</text>'
    )
    return Icon(_sheet(28, 36, width, height) + body + "</svg>", (width, height), (width // 2, height - 1))


def candidate(*, refused: bool, size: int = 10) -> Icon:
    """Draw a candidate: a small diamond, or a grey cross where it was refused."""
    if refused:
        body = '<path d="M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5" stroke="#fff" stroke-width="4"/>'
        body += '<path d="M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5" stroke="#6b6b69" stroke-width="2"/>'
    else:
        body = f'<path d="M6 1 11 6 6 11 1 6Z" fill="#fff" stroke="{AFTER}" stroke-width="1.7"/>'
    return Icon(_sheet(12, 12, size, size) + body + "</svg>", (size, size), (size // 2, size // 2))


def swatch(colour: str, *, edge: str = "rgba(34,48,60,.35)") -> str:
    """Draw the legend's sample of a filled class."""
    return (
        _sheet(22, 14, 22, 14)
        + f'<rect x=".5" y=".5" width="21" height="13" rx="2" fill="{colour}" stroke="{edge}"/></svg>'
    )


def stroke(colour: str, width: float, dash: str = "") -> str:
    """Draw the legend's sample of a line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        _sheet(22, 14, 22, 14)
        + f'<path d="M1 7h20" stroke="{colour}" stroke-width="{width}"{dashed} fill="none"/></svg>'
    )


def outline(colour: str, fill: str, opacity: float, dash: str = "") -> str:
    """Draw the legend's sample of a service circle."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        _sheet(22, 14, 22, 14)
        + f'<rect x="1" y="1" width="20" height="12" rx="6" fill="{fill}" fill-opacity="{opacity}" stroke="{colour}" '
        f'stroke-width="1.4"{dashed}/></svg>'
    )


def line(colour: str, dash: str = "") -> str:
    """Draw the legend's sample of a line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        _sheet(22, 14, 22, 14) + f'<path d="M1 7h20" fill="none" stroke="{colour}" stroke-width="1.8"{dashed}/></svg>'
    )


def hatch() -> str:
    """Draw the legend's sample of excluded ground."""
    return _sheet(22, 14, 22, 14) + '<rect x=".5" y=".5" width="21" height="13" rx="2" class="excluded-ground"/></svg>'


def _sheet(w: int, h: int, width: int, height: int) -> str:
    return _SHEET.format(w=w, h=h, width=width, height=height)
