"""Texts in the language of QGIS: Chinese where that is, otherwise English."""

import json
import os

from qgis.core import QgsApplication

with open(os.path.join(os.path.dirname(__file__), "texts.json"), encoding="utf-8") as _file:
    _TEXTS = json.load(_file)


def language():
    """Return ``zh`` or ``en``."""
    return "zh" if QgsApplication.locale().startswith("zh") else "en"


def say(key, **values):
    """Return a text."""
    return _TEXTS[key][language()].format(**values)
