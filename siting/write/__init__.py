"""Output of results: GeoJSON, the checked grid, figures, the web map and other files."""
