"""Writes results, and only writes: GeoJSON, the checked grid, figures, the web map."""
