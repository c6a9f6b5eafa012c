"""Words of the site's search: English by its stems, Chinese by pairs of characters, in pages and in questions alike."""

import re
from typing import Final

from sphinx.search.en import SearchEnglish

# Runs of Chinese characters, and words of other letters.
_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")
# The same split of what is typed. Sphinx's own needs a dictionary, and misses what that cuts in another way.
_SPLIT_QUERY: Final = """
var splitQuery = (query) =>
  (query.match(/[\\u3400-\\u9fff]+|[\\p{Letter}\\p{Number}_]+/gu) || []).flatMap((run) =>
    /^[\\u3400-\\u9fff]{3,}$/.test(run) ? [...Array(run.length - 1).keys()].map((at) => run.slice(at, at + 2))
    : /^[\\u3400-\\u9fff]/.test(run) ? [run]
    : run.match(/[^\\u3400-\\u9fff]+/g));
"""


class ChineseAndEnglish(SearchEnglish):
    """Pages that are written in both languages."""

    # The name of the language is left: it is that of the stemmer's script too.
    lang = "zh-en"
    js_splitter_code = _SPLIT_QUERY

    def split(self, text: str) -> list[str]:
        """Return the words of a text.

        Parameters
        ----------
        text : str
            Chinese, English, or both.

        Returns
        -------
        list of str
            English words, single Chinese characters, and each two that follow one another.
        """
        found: list[str] = []
        for run in _RUNS.findall(text):
            if "\u3400" <= run[0] <= "\u9fff":
                found.extend(run)
                found.extend(run[at : at + 2] for at in range(len(run) - 1))
            else:
                found.append(run)
        return found
