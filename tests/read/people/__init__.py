"""Tests of who lives where."""
