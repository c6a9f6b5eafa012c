"""The view of an explanation."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from siting.domain.explained import Explained
from siting.text import Lang, default_lang


class Explanation:
    """Why a place is covered or not: the nearest facility, the route to it, and the candidates that would cover it.

    Parameters
    ----------
    explained : Explained
        The result of :func:`siting.explain`.

    Examples
    --------
    >>> import siting
    >>> told = siting.explain(siting.read_scenario("data/sample/scenario.toml"), "500199001002")
    >>> told.explained.subject.level
    'community'
    """

    def __init__(self, explained: Explained) -> None:
        self.explained = explained

    def __repr__(self) -> str:
        """Return the first sentence."""
        return f"<Explanation {self.text('en').splitlines()[0]}>"

    @property
    def reasons(self) -> pd.DataFrame:
        """People and cells of the place by reason (``covered`` among them); empty for points."""
        return self.explained.standing.reasons.copy()

    @property
    def route(self) -> gpd.GeoDataFrame | None:
        """Legs of the route that counts, in walking order, working CRS; None if there is none."""
        route = self.explained.way.route
        return None if route is None else route.legs.copy()

    @property
    def candidates(self) -> pd.DataFrame:
        """Candidates that would cover the place, the best first; refused ones last, with the layer that refuses."""
        return self.explained.candidates.copy()

    def text(self, lang: Lang | None = None) -> str:
        """Return the explanation in sentences, one per line.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        str
            Plain text.
        """
        from siting.write.explanation import sentences

        return "\n".join(sentences(self.explained, lang or default_lang()))

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the explanation.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.geojson`` or ``.json`` (both languages), or ``.html`` (a page with a map
            that needs no network).
        lang : {"zh", "en"}, optional
            Language of the page; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.explanation import write_explanation

        write_explanation(Path(path), self.explained, lang or default_lang())

    def _repr_html_(self) -> str:
        from siting.write.explanation import body

        return body(self.explained, default_lang())
