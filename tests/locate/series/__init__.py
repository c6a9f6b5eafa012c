"""Curves, build orders and alternatives."""
