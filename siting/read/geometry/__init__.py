"""Coordinates and shapes: their CRS, their location, and their validity."""
