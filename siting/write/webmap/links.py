"""Parents of a network: lines from stations and centres to their parents, today's and the plan's."""

from collections.abc import Iterable
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import LineString

from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap import icons
from siting.write.webmap.geometry import features
from siting.write.webmap.parts import Drawing, LegendRow, MapLayer, Vector
from siting.write.webmap.style import AFTER, INK, Style
from siting.write.webmap.wording import words

_STYLES: Final[dict[str, Style]] = {
    "link_today": {"color": INK, "weight": 1.2, "opacity": 0.7, "fill": False},
    "link_plan": {"color": AFTER, "weight": 1.8, "opacity": 0.9, "fill": False, "dashArray": "6 3"},
}


def draw_links(assessment: Assessment, proposal: Proposal | None) -> Drawing:
    """Return the lines to parents as one layer, shown at first for the plan of a network; none without parents."""
    today, new = _today(assessment), [] if proposal is None else _planned(proposal)
    lines = [*today, *new]
    if not lines:
        return Drawing((), {}, {})
    frame = gpd.GeoDataFrame(geometry=lines, crs=assessment.facilities.crs)
    keys = [*["link_today"] * len(today), *["link_plan"] * len(new)]
    found = features(frame, assessment.inputs.crs, lambda row: {"s": keys[row]})
    samples = {"link_today": icons.line(INK), "link_plan": icons.line(AFTER, "5 2.5")}
    legend = [LegendRow(samples[key], words(f"map.legend.{key}")) for key in dict.fromkeys(keys)]
    planned = proposal is not None and proposal.links is not None
    layer = MapLayer(
        key="links",
        group="sites",
        title=words("map.layer.links"),
        parts=(Vector(found, "borders"),),
        show=planned,
        sample=samples[keys[-1]],
        legend=tuple(legend),
    )
    return Drawing((layer,), dict(_STYLES), {})


def _today(assessment: Assessment) -> list[LineString]:
    parents = assessment.facilities["parent_id"].dropna()
    return _lines(parents.index, parents, assessment.facilities.geometry)


def _planned(proposal: Proposal) -> list[LineString]:
    """Return the lines of a network's plan."""
    if proposal.links is None:
        return []
    spots = gpd.GeoSeries(pd.concat([proposal.before.facilities.geometry, proposal.stations.geometry]))
    return _lines(proposal.links["child_id"], proposal.links["parent_id"], spots)


def _lines(children: Iterable[object], parents: Iterable[object], spots: gpd.GeoSeries) -> list[LineString]:
    """Return the lines between facilities that are known and stand at different places."""
    xy = dict(zip(spots.index, shapely.get_coordinates(spots.to_numpy()).tolist(), strict=True))
    pairs = [(xy[child], xy[parent]) for child, parent in zip(children, parents, strict=True) if parent in xy]
    return [LineString([child, parent]) for child, parent in pairs if child != parent]
