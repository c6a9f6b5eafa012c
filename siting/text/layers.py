"""What the layers of a scenario are called in words."""

from collections.abc import Callable

from siting.text import Lang, knows, say


def layer_words(key: str, lang: Lang, part: Callable[[str, str], str] | None = None) -> str:
    """Return what a layer's dotted key means; the key itself where the catalogue has no words for it.

    Parameters
    ----------
    key : str
        Dotted key of the layer in a scenario.
    lang : {"zh", "en"}
        Language.
    part : callable, optional
        Says what the part of the key is called that tells a layer from others of its kind; it is given the name of
        the text and that part.

    Examples
    --------
    >>> from siting.text.layers import layer_words
    >>> layer_words("units.street", "en"), layer_words("facilities", "zh"), layer_words("nothing", "zh")
    ('units: street or town', '养老设施', 'nothing')
    """
    if key.endswith(".attributes"):
        return say("inspect.layer.attributes", lang, name=layer_words(key.removesuffix(".attributes"), lang, part))
    parts = key.split(".")
    for text, name in (
        ("_".join(parts), ""),
        ("_".join(parts[:-1]), parts[-1]),
        ("_".join((parts[0], *parts[2:])), parts[1] if len(parts) > 1 else ""),
    ):
        if knows(f"inspect.layer.{text}"):
            named = part(text, name) if part is not None else part_words(text, name, lang)
            return say(f"inspect.layer.{text}", lang, name=named)
    return key


def part_words(text: str, name: str, lang: Lang) -> str:
    """Return what a part of a key is called: a level by its name, others as they are."""
    if text.startswith("units"):
        return say(f"level.{name}", lang) if knows(f"level.{name}") else name
    return f"“{name}”" if lang == "zh" and name else name


def layer_and_key(key: str, lang: Lang) -> str:
    """Return how messages call a layer: in Chinese by its words, with the key that says where to mend it behind them.

    Examples
    --------
    >>> from siting.text.layers import layer_and_key
    >>> layer_and_key("facilities", "zh"), layer_and_key("facilities", "en")
    ('养老设施（facilities）', 'facilities')
    """
    called = layer_words(key, lang)
    return f"{called}（{key}）" if lang == "zh" and called != key else key
