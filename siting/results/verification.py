"""The view of a plan's certificate."""

import math

from siting.domain.nouns import Verification as Found
from siting.text import Lang, default_lang


class Verification:
    """Whether the certificate of a plan holds, and what it proves.

    Parameters
    ----------
    found : siting.domain.nouns.Verification
        What the check of the certificate found.

    Examples
    --------
    >>> import siting
    >>> siting.propose("data/sample/scenario.toml", stations=3).to_file("out/three.geojson")
    >>> siting.verify("data/sample/scenario.toml", "out/three.geojson").holds
    True
    """

    def __init__(self, found: Found) -> None:
        self._found = found

    def __repr__(self) -> str:
        """Return what is proved, or why nothing is."""
        if self._found.stage is None:
            return f"<Verification: the certificate does not hold ({self._found.refuted})>"
        return f"<Verification: {self._found.stage.name} {self.objective:,.6g}, proved bound {self.bound:,.6g}>"

    @property
    def holds(self) -> bool:
        """Whether the certificate proves its bound for the scenario."""
        return self._found.stage is not None

    @property
    def objective(self) -> float:
        """The objective of the plan's stations, computed again; NaN if the certificate does not hold."""
        return math.nan if self._found.stage is None else self._found.stage.objective

    @property
    def bound(self) -> float:
        """The proved bound: no choice of sites is better; NaN if the certificate does not hold."""
        return math.nan if self._found.stage is None else self._found.stage.bound

    def sentences(self, lang: Lang | None = None) -> list[str]:
        """Return what was found as sentences.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            What is proved and how, or why the certificate does not hold.
        """
        from siting.write.proof import verification_texts

        return verification_texts(self._found, lang or default_lang())
