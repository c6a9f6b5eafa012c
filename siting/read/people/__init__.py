"""The population: grids, age bands, points, areas and tables."""
