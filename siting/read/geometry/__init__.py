"""Coordinates and shapes: in which system, where on earth, and whether they hold."""
