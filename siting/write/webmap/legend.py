"""The switches of the layers, each with its legend."""

from collections.abc import Iterable
from html import escape
from typing import Final

from siting.write.webmap.parts import MapLayer
from siting.write.webmap.wording import words

GROUPS: Final = ("sites", "areas", "circles", "grid", "coverage", "units", "ground")


def legend(layers: Iterable[MapLayer]) -> str:
    """Return the switches of all layers that have a group, group by group."""
    layers = list(layers)
    blocks = []
    for group in GROUPS:
        members = [layer for layer in layers if layer.group == group]
        if members:
            items = "".join(_item(layer) for layer in members)
            blocks.append(f"<fieldset><legend>{words(f'map.group.{group}').html()}</legend>{items}</fieldset>")
        if group == "sites" and any(layer.by_clause for layer in layers):
            blocks.append(_clauses())
    return "".join(blocks)


def _clauses() -> str:
    """Return the choice of the clause by which verdicts are coloured; the page's script fills it."""
    label = f'<label for="clause">{words("map.group.clause").html()}</label>'
    return f'<fieldset class="clauses"><legend>{label}</legend><select id="clause"></select></fieldset>'


def _lists(rows: str, chosen: str) -> str:
    if not chosen:
        return f"<ul>{rows}</ul>"
    caption = f'<p class="caption by-clause">{words("map.legend.clause_unit").html()}</p>'
    return f'<ul class="by-all">{rows}</ul>{caption}<ul class="by-clause">{chosen}</ul>'


def _item(layer: MapLayer) -> str:
    kind, name = ("radio", f' name="{layer.choice}"') if layer.choice else ("checkbox", "")
    disabled = "" if layer.parts or layer.choice else " disabled"
    checked = " checked" if layer.show and not disabled else ""
    key = escape(layer.key)
    return (
        f'<div class="layer"><input type="{kind}" id="layer-{key}"{name} data-layer="{key}"{checked}{disabled}>'
        f'<label for="layer-{key}">{layer.sample}<span>{layer.title.html()}</span></label>{_samples(layer)}</div>'
    )


def _samples(layer: MapLayer) -> str:
    caption = f'<p class="caption">{layer.caption.html()}</p>' if layer.caption else ""
    rows = "".join(f"<li>{row.sample}{row.label.html()}</li>" for row in layer.legend)
    chosen = "".join(f"<li>{row.sample}{row.label.html()}</li>" for row in layer.by_clause)
    if not caption and not rows:
        return ""
    # A switch that is disabled shows the reason.
    dress = (" fixed" if not layer.parts else "") + (" compact" if layer.compact else "")
    return f'<div class="samples{dress}">{caption}{_lists(rows, chosen)}</div>'
