"""HTML pages that need no network."""

from html import escape
from pathlib import Path


class WebPage:
    """A page that is displayed in a notebook and can be saved; it needs no network.

    Parameters
    ----------
    html : str
        The whole page.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        # The page's script runs separately from the notebook.
        look = 'sandbox="allow-scripts" style="width:100%;height:640px;border:0"'
        return f'<iframe srcdoc="{escape(self.html)}" {look}></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page as one HTML file.

        Parameters
        ----------
        path : str or pathlib.Path
            ``.html`` or ``.htm``; it is replaced whole.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.endings import ending_of
        from siting.write.files import write_text

        ending_of(Path(path), "page")
        write_text(Path(path), self.html)
