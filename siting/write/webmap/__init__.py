"""The interactive web map: one HTML file that opens without a network."""

from siting.write.webmap.folder import Cut, write_map_folder
from siting.write.webmap.page import map_html, write_map

__all__ = ["Cut", "map_html", "write_map", "write_map_folder"]
