"""Clauses × places × times → gaps, verdicts and remedies."""

from siting.assess.report import assess

__all__ = ["assess"]
