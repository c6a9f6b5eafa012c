"""Walking times: from the network and the terrain to minutes, and to service circles."""

from siting.travel.access import walk_to
from siting.travel.network import WalkingNetwork, prepare_network

__all__ = ["WalkingNetwork", "prepare_network", "walk_to"]
