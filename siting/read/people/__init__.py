"""Who lives where: grids, bands of age, points, areas and tables."""
