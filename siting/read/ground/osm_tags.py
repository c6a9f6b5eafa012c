"""What the tags of OpenStreetMap mean to somebody who walks: one set of rules for ways, nodes and layers of lines.

A way is walked when all of these hold:

* ``highway`` is one of ``WALKED``; one of ``ON_INVITATION`` needs a sidewalk, or ``foot`` that invites; a value that
is not known needs ``foot`` that invites; none of ``NEVER`` is walked;
* it is no ``motorroad``;
* ``foot`` does not refuse, and ``access`` does not unless ``foot`` invites.

``foot`` speaks for walkers, ``access`` for everybody: the nearer word counts.
"""

from collections.abc import Mapping
from typing import Final, Literal

from osmium.osm import TagList

WALKED: Final = frozenset({
    "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified",
    "residential", "living_street", "service", "road", "pedestrian", "track", "footway", "path", "bridleway",
    "cycleway", "steps", "crossing", "elevator",
})  # fmt: skip
ON_INVITATION: Final = frozenset({"trunk", "trunk_link", "busway"})
NEVER: Final = frozenset({
    "motorway", "motorway_link", "construction", "proposed", "planned", "abandoned", "razed", "demolished", "removed",
    "dismantled", "destroyed", "disused", "no", "raceway", "bus_guideway", "escape", "emergency_bay", "corridor",
    "platform", "rest_area", "services", "via_ferrata", "ladder",
})  # fmt: skip
SIDEWALK_KEYS: Final = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
SIDEWALK: Final = frozenset({"both", "left", "right", "yes"})
INVITED: Final = frozenset({"yes", "designated", "permissive", "official"})
REFUSED: Final = frozenset({
    "no", "private", "permit", "residents", "delivery", "agricultural", "forestry", "military", "emergency",
})  # fmt: skip
FOOT_REFUSED: Final = REFUSED | {"use_sidepath"}
# Nodes that nobody passes unless their tags say so. All other barriers stop vehicles, or have a gate.
SHUT_BARRIERS: Final = frozenset({
    "wall", "fence", "hedge", "city_wall", "retaining_wall", "wire_fence", "hedge_bank", "ditch",
})  # fmt: skip
# Rules by the hour or by direction, which are not applied.
UNREAD_RULES: Final = ("foot:conditional", "access:conditional", "oneway:foot", "foot:forward", "foot:backward")

FOOTBRIDGE_WAYS: Final = frozenset({"footway", "path", "pedestrian", "cycleway", "living_street"})
PATH_WAYS: Final = frozenset({"footway", "path", "pedestrian", "track", "cycleway", "bridleway"})
# Which way an escalator runs, by the direction of its line; ``yes`` and ``reversible`` do not say.
CONVEYING: Final = {"forward": "escalator_forward", "backward": "escalator_backward"}
NO_TUNNEL: Final = frozenset({"no", "building_passage", "covered"})
# Nobody goes round the outline of these: as areas they say nothing of where one walks.
_NO_SQUARES: Final = frozenset({"steps", "elevator"})

Reason = Literal["road", "access", "area"]
Tags = Mapping[str, str] | TagList


def refusal(tags: Tags) -> Reason | None:
    """Return why a way is not walked; None if it is.

    Examples
    --------
    >>> from siting.read.ground.osm_tags import refusal
    >>> refusal({"highway": "footway"}), refusal({"highway": "busway"}), refusal({"highway": "path", "foot": "no"})
    (None, 'road', 'access')
    """
    highway, foot = tags.get("highway"), tags.get("foot")
    invited = foot in INVITED
    if highway in NEVER or tags.get("motorroad") == "yes":
        return "road"
    sidewalk = highway in ON_INVITATION and any(tags.get(key) in SIDEWALK for key in SIDEWALK_KEYS)
    if highway not in WALKED and not invited and not sidewalk:
        return "road"
    if foot in FOOT_REFUSED or (tags.get("access") in REFUSED and not invited):
        return "access"
    return "area" if tags.get("area") == "yes" and highway in _NO_SQUARES else None


def is_known(highway: str) -> bool:
    """Tell whether there is a rule for a value of ``highway``."""
    return highway in WALKED or highway in ON_INVITATION or highway in NEVER


def bars(tags: Tags) -> bool:
    """Tell whether nobody walks through a node: a barrier that is shut, by the rule for ways.

    Examples
    --------
    >>> from siting.read.ground.osm_tags import bars
    >>> bars({"barrier": "gate"}), bars({"barrier": "gate", "locked": "yes"}), bars({"barrier": "wall", "foot": "yes"})
    (False, True, False)
    """
    barrier, foot, access = tags.get("barrier"), tags.get("foot"), tags.get("access")
    if barrier in {None, "no"} or foot in INVITED:
        return False
    if foot in FOOT_REFUSED or access in REFUSED:
        return True
    return access not in INVITED and (tags.get("locked") == "yes" or barrier in SHUT_BARRIERS)


def kind(tags: Tags) -> str:
    """Return what a way is to a walker: one of the kinds of ``NETWORK_COLUMNS``."""
    highway = tags.get("highway")
    if highway == "steps":
        conveying = tags.get("conveying", "no")
        return "stairs" if conveying == "no" else CONVEYING.get(str(conveying), "escalator")
    if highway == "elevator":
        return "lift"
    if tags.get("bridge", "no") != "no":
        return "footbridge" if highway in FOOTBRIDGE_WAYS else "bridge"
    if tags.get("tunnel", "no") not in NO_TUNNEL:
        return "tunnel"
    if highway == "crossing" or tags.get("footway") == "crossing":
        return "crossing"
    return "path" if highway in PATH_WAYS else "street"
