"""The interactive web map: one HTML file that opens without a network."""

from siting.write.webmap.page import map_html, write_map

__all__ = ["map_html", "write_map"]
