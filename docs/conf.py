"""The documentation as a site, which needs no network: ``make site`` builds it into ``out/site``."""

import sys
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx

FOLDER: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]

from printed import print_commands  # noqa: E402 - it stands beside this file
from search_words import ChineseAndEnglish  # noqa: E402

from siting.version import __version__  # noqa: E402

project = "siting"
author = "The siting maintainers"
project_copyright = author
version = release = __version__
language = "zh_CN"

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["decisions/README.md"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
highlight_language = "none"
html_theme = "furo"
html_title = "siting"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
# Summaries are fetched from the pages, which a browser refuses for files of a folder.
html_show_search_summary = False
html_search_language = ChineseAndEnglish.lang


def _tell_language(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Pages of the folder ``zh`` are Chinese; all others are English, or both."""
    context["language"] = "zh-CN" if page.startswith("zh/") else "en"


def setup(app: Sphinx) -> None:
    """Add the search, and the pages that are printed from the program."""
    app.add_search_language(ChineseAndEnglish)
    app.connect("builder-inited", lambda _: print_commands(FOLDER / "reference"))
    app.connect("html-page-context", _tell_language)
