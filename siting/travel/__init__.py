"""Walking times: from the network and the terrain to minutes, and to service circles."""

from siting.travel.access import walk_to
from siting.travel.network import WalkingNetwork, prepare_network
from siting.travel.open_ground import Surface, prepare_surface
from siting.travel.straight import StraightLines

__all__ = ["StraightLines", "Surface", "WalkingNetwork", "prepare_network", "prepare_surface", "walk_to"]
