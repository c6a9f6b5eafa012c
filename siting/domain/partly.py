"""Names of places with a part outside the population grids."""


def shared_out(name: str, covered: float) -> str:
    """Return a place with the share of its area that lies outside.

    Examples
    --------
    >>> from siting.domain.partly import shared_out
    >>> shared_out("东街道", 0.951), shared_out("西街道", 0.9985)
    ('东街道 (4.9%)', '西街道 (0.15%)')
    """
    outside = 1.0 - covered
    return f"{name} ({outside:.{1 if outside >= 0.01 else 2}%})"  # noqa: PLR2004 - one per cent
