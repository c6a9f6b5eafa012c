"""The figures that a bureau reads first, and how each is read from every output that shows it."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.figures.outputs import FIGURE, VERDICTS, Figure, Outputs, between, printed, raw, rows_of

Reader = Callable[[Outputs], Any]

LAND = {"01": "cq-2017-162/22-land", "02": "cq-2019-129/2-3-land"}
CIRCLE = "cq-2019-129/2-9-circle"
NURSING = "cq-2017-162/22-nursing-beds"
GOVERNMENT = "cq-2017-162/3-government-beds"
MEDICAL = "cq-2019-129/2-18-medical"
TITLE = "口径"
STATIONS = "拟新增站点"


def _text(found: str | None) -> Figure | None:
    return None if found in (None, "", "–") else printed(str(found))


def total(head: str) -> Reader:
    """The total on the screen, in a column."""
    return lambda out: _text(rows_of(out.check, TITLE)[-1][head])


def said(pattern: str, screen: str = "check") -> Reader:
    """A figure within a sentence of the screen."""
    return lambda out: _text(between(getattr(out, screen), pattern))


def panel(pattern: str) -> Reader:
    """A figure of the map's panel."""
    return lambda out: _text(between(out.page.panel, pattern))


def popup(key: str) -> Reader:
    """A figure of the district's popup."""
    return lambda out: _text(out.district["rows"].get(key))


def totals(low: str, high: str | None = None, most: str | None = None) -> Reader:
    """A figure of the gap report's totals, with its ends."""

    def read(out: Outputs) -> Figure | None:
        found = out.gaps["totals"]
        return raw(found[low], found[high or low], None if most is None else found[most])

    return read


def feature(low: str, high: str | None = None) -> Reader:
    """A figure of the district's feature; nothing where it is unknown."""

    def read(out: Outputs) -> Figure | None:
        row = out.places("district")[0]
        return raw(row[low], row[high or low])

    return read


def _cells(clause: str, low: str, high: str) -> Mapping[str, Reader]:
    """The cells of a clause over the district, in the table of the audit and in its workbook."""
    return {
        "csv": lambda out: raw(out.csv(clause, "区县")[low], out.csv(clause, "区县")[high]),
        "xlsx": lambda out: raw(out.xlsx(clause, "区县")[low], out.xlsx(clause, "区县")[high]),
    }


def cell(key: str, head: str) -> Reader:
    """A figure of the last row of a table in a notebook: the whole, or the last station."""
    return lambda out: _text(out.notebook[key][-1][head])


def layer(key: str) -> Reader:
    """The people of a layer on the page of the account, which are the district's where none live outside."""
    return lambda out: None if out.gaps["totals"]["people_outside"] >= 0.5 else _text(between(out.layer(key), "# 人"))


def measured(clause: str) -> Mapping[str, Reader]:
    """What was measured of a clause in the district."""

    def check(out: Outputs) -> Figure | None:
        row = next(each for each in out.places("district")[0]["checks"] if each["clause_id"] == clause)
        return raw(row["provided_low"], row["provided_high"])

    def line(out: Outputs) -> Figure | None:
        if check(out) is None:
            # A clause without a figure stands in the file alone.
            return None
        text = out.line(clause, "区县")
        found = between(text, "实际不少于 #")
        return printed(f"≥ {found}") if found else _text(between(text, "实际 #"))

    return {
        "map": lambda out: _text(out.district["c"][clause].get("p")),
        "geojson": check,
        "audit": line,
        **_cells(clause, "实际（下限）", "实际（上限）"),
    }


def required(floor: str, name: str) -> Mapping[str, Reader]:
    """How much land is required at a floor."""
    clause = LAND[floor]
    return {
        "screen": said(rf"按(?:人均)? {name} m² 应有 #"),
        "map": panel(rf"按人均 {name} m²\|+#"),
        "popup": lambda out: _text(out.district["c"][clause].get("q")),
        "geojson": totals(f"land_required_{floor}_m2"),
        "feature": feature(f"land_required_{floor}_m2"),
        "audit": lambda out: _text(between(out.line(clause, "区县"), "要求 ≥ #")),
        **_cells(clause, "要求", "要求"),
    }


def short(floor: str, name: str) -> Mapping[str, Reader]:
    """How much land is short at a floor."""

    def on_map(out: Outputs) -> Figure | None:
        found = between(out.page.panel, rf"按人均 {name} m²\|+{FIGURE}\|+({FIGURE}|无缺口)")
        return printed("0") if found == "无缺口" else _text(found)

    key = f"land_gap_{floor}_m2"
    return {
        "screen": total(f"用地缺口（按{name}）/m²"),
        "notebook": cell("gaps", f"用地缺口（按{name}）/m²"),
        "map": on_map,
        "popup": popup(key),
        "geojson": totals(f"land_gap_{floor}_low_m2", key),
        "feature": feature(f"land_gap_{floor}_low_m2", key),
        **_cells(LAND[floor], "缺口（下限）", "缺口（上限）"),
    }


def verdict(clause: str) -> Mapping[str, Reader]:
    """The verdict of a clause over the district."""

    def check(out: Outputs) -> str:
        rows = out.places("district")[0]["checks"]
        return str(next(each["verdict"] for each in rows if each["clause_id"] == clause))

    return {
        "map": lambda out: out.district["c"][clause]["v"].partition(".")[2],
        "geojson": check,
        "audit": lambda out: VERDICTS[out.line(clause, "区县").split(" · ")[0].rpartition("，")[2]],
        "csv": lambda out: VERDICTS[out.csv(clause, "区县")["判定"]],
        "xlsx": lambda out: VERDICTS[out.xlsx(clause, "区县")["判定"]],
    }


def counts(clause: str, level: str, name: str) -> Mapping[str, Reader]:
    """Places of a level by the verdict of a clause."""

    def line(out: Outputs) -> dict[str, int]:
        text = out.line(clause, name)
        return {code: int(between(text, rf"[，：]{word} (\d+)") or 0) for word, code in VERDICTS.items()}

    def cells(row: Mapping[str, str]) -> dict[str, int]:
        heads = {"met": "达标数", "gap": "未达标数", "no_data": "数据不足数", "not_applicable": "不适用数"}
        return {code: int(row[head]) for code, head in heads.items()}

    def popups(out: Outputs) -> dict[str, int]:
        found = Counter(each["c"][clause]["v"].partition(".")[2] for each in out.page.popups(level))
        return {code: found[code] for code in VERDICTS.values()}

    def features(out: Outputs) -> dict[str, int]:
        checks = [check for place in out.places(level) for check in place["checks"] if check["clause_id"] == clause]
        found = Counter(check["verdict"] for check in checks)
        return {code: found[code] for code in VERDICTS.values()}

    return {"map": popups, "geojson": features, "audit": line} | {
        "csv": lambda out: cells(out.csv(clause, name)),
        "xlsx": lambda out: cells(out.xlsx(clause, name)),
    }


def _share(row: Mapping[str, Any]) -> Figure | None:
    return raw(row["covered_share"], row["covered_share_high"])


def _worst(named: list[tuple[str, Figure | None]]) -> tuple[str, Figure]:
    """The street with the least covered share, the first by name of several."""
    known = [(figure.low or 0.0, name, figure) for name, figure in named if figure is not None]
    _, name, figure = min(known, key=lambda each: each[:2])
    return name, figure


def _worst_street(level: str) -> Mapping[str, Reader]:
    return {
        "screen": lambda out: _worst(
            [(row["单元"], _text(row["空间覆盖率"])) for row in rows_of(out.check, TITLE)[:-1]]
        ),
        "map": lambda out: _worst(
            [(each["name"], _text(each["rows"].get("covered_share"))) for each in out.page.popups(level)]
        ),
        "geojson": lambda out: _worst([(each["name"], _share(each)) for each in out.places(level)]),
    }


def _on_panel(key: str, name: str) -> Reader:
    """A line of the panel on the plan."""
    return panel(rf"\|{name}\|+ ?{key}#")


# Of some figures the whole (totals) and the district's own row stand side by side.
FIRST: Mapping[str, Mapping[str, Reader]] = {
    "residents": {
        "screen": total("常住人口"),
        "notebook": cell("gaps", "常住人口"),
        "account": layer("population.residents"),
        "map": panel(r"#\|+常住人口"),
        "popup": popup("residents"),
        "geojson": totals("residents"),
        "feature": feature("residents"),
    },
    "elderly": {
        "screen": total("老年人口"),
        "notebook": cell("gaps", "老年人口"),
        "account": layer("population.elderly"),
        "map": panel(r"#\|+老年人口"),
        "popup": popup("elderly"),
        "geojson": totals("elderly"),
        "feature": feature("elderly"),
        "explain": said("老年人 # 人", "explain"),
    },
    "elderly covered": {
        "screen": said("服务圈内老年人 #，"),
        "map": panel("服务圈内老年人 # 人"),
        "popup": popup("elderly_covered"),
        "geojson": totals("elderly_covered", "elderly_covered_high", "elderly"),
        "feature": feature("elderly_covered", "elderly_covered_high"),
        "explain": said("服务圈内 # 人", "explain"),
    },
    "elderly not covered": {
        "screen": said("服务圈外老年人 #；"),
        "map": panel("圈外 # 人"),
        "popup": popup("elderly_uncovered"),
        "geojson": totals("elderly_uncovered_low", "elderly_uncovered"),
        "feature": feature("elderly_uncovered_low", "elderly_uncovered"),
        "explain": said("未覆盖 # 人", "explain"),
    },
    "share covered": {
        "screen": total("空间覆盖率"),
        "notebook": cell("gaps", "空间覆盖率"),
        "propose": said("空间覆盖率（老年人）：# →", "propose"),
        "panel": panel(r"#\| \|+现状\|"),
        "popup": popup("covered_share"),
        "totals": totals("covered_share", "covered_share_high"),
        "plan": lambda out: _share(out.plan["totals_before"]),
        "explain": said("人（#）", "explain"),
        **measured(CIRCLE),
    },
    "facilities counted": {
        "screen": said("计入设施 # 处"),
        "map": panel(r"#\|+计入设施"),
        "geojson": totals("facilities_counted"),
    },
    "land provided": {
        "screen": said("已有养老用地 # m²"),
        "panel": panel("已有养老用地 # m²"),
        "popup": popup("land_provided_m2"),
        "totals": totals("land_provided_m2", "land_provided_high_m2"),
        "feature": feature("land_provided_m2", "land_provided_high_m2"),
        **measured(LAND["02"]),
    },
    "land per resident": {
        "screen": total("人均用地/m²"),
        "notebook": cell("gaps", "人均用地/m²"),
        "map": panel(r"人均养老用地\|+#\|"),
        "popup": popup("land_m2_per_resident"),
        "geojson": totals("land_m2_per_resident", "land_high_m2_per_resident"),
    },
    "land per elderly person": {
        "map": panel("每名老年人 # m²"),
        "popup": popup("land_m2_per_elderly"),
        "geojson": totals("land_m2_per_elderly", "land_high_m2_per_elderly"),
    },
    "mean walk": {
        "popup": popup("minutes_to_nearest"),
        "feature": feature("minutes_to_nearest"),
        "explain": said("步行至最近设施：平均 # 分钟", "explain"),
    },
    "walk of nine in ten": {
        "popup": popup("minutes_p90"),
        "feature": feature("minutes_p90"),
        "explain": said("90% 老年人的步行时间不超过 # 分钟", "explain"),
    },
    "land required at 0.1": required("01", "0.1"),
    "land required at 0.2": required("02", "0.2"),
    "land short at 0.1": short("01", "0.1"),
    "land short at 0.2": short("02", "0.2"),
    "share of nursing beds": measured(NURSING),
    "share of government-run beds": measured(GOVERNMENT),
    "share of facilities with medical links": measured(MEDICAL),
    "verdict of the district": {
        "screen": lambda out: VERDICTS[rows_of(out.check, TITLE)[-1]["判定"]],
        "notebook": lambda out: VERDICTS[out.notebook["gaps"][-1]["判定"]],
        "map": lambda out: out.district["verdict"],
        "geojson": lambda out: out.places("district")[0]["verdict"],
    },
    "verdict of land at 0.2": verdict(LAND["02"]),
    "verdict of land at 0.1": verdict(LAND["01"]),
    "verdict of the circle": verdict(CIRCLE),
    "verdict of nursing beds": verdict(NURSING),
    "residential areas by the circle": counts(CIRCLE, "residential_area", "居住区"),
    "streets by the circle": counts(CIRCLE, "street", "街道（镇）"),
    "residential areas by land at 0.2": counts(LAND["02"], "residential_area", "居住区"),
    "worst street": _worst_street("street"),
    "stations proposed": {
        "screen": lambda out: raw(len(rows_of(out.propose, STATIONS))),
        "notebook": lambda out: raw(len(out.notebook["plan"])),
        "map": panel("拟新增站点 # 处"),
        "popup": lambda out: raw(sum(key.startswith("proposed/") for key in out.page.data["popups"])),
        "geojson": lambda out: raw(len(out.plan["features"])),
    },
    "elderly newly covered": {
        "screen": said("新增覆盖老年人：# 人", "propose"),
        "map": _on_panel("", "新增覆盖老年人"),
        "popup": lambda out: _text(next(row for row in _stations(out)[-1]["r"] if row[0] == "elderly_cumulative")[1]),
        "geojson": lambda out: raw(out.plan["objective"]),
        "feature": lambda out: raw(out.plan["features"][-1]["properties"]["elderly_cumulative"]),
    },
    "bound": {
        "screen": said("理论上限 # 人", "propose"),
        "map": _on_panel("", "理论上限"),
        "geojson": lambda out: raw(out.plan["bound"]),
    },
    "optimality gap": {
        "screen": said("与上限相差 #", "propose"),
        "map": _on_panel("", "与理论界限相差"),
        "geojson": lambda out: raw(out.plan["optimality_gap"]),
    },
    "share covered with the plan": {
        "screen": said("空间覆盖率（老年人）：.* → #", "propose"),
        "notebook": cell("plan", "建成后空间覆盖率"),
        "last station": lambda out: _text(rows_of(out.propose, STATIONS)[-1]["建成后空间覆盖率"]),
        "popup": lambda out: _text(next(row for row in _stations(out)[-1]["r"] if row[0] == "covered_share_after")[1]),
        "map": panel(r"#\| \|+实施后\|"),
        "geojson": lambda out: _share(out.plan["totals_after"]),
        "feature": lambda out: raw(
            *(out.plan["features"][-1]["properties"][f"covered_share_after{end}"] for end in ("", "_high"))
        ),
    },
    "cost": {
        "screen": said("费用合计：# 元", "propose"),
        "map": panel("费用合计：# 元"),
        "geojson": lambda out: raw(out.plan["costs"]["cost_cny"]),
    },
    "net cost": {
        "screen": said("；净费用 # 元", "propose"),
        "map": panel("；净费用 # 元"),
        "geojson": lambda out: raw(out.plan["costs"]["net_cost_cny"]),
    },
    "land short at 0.2 with the plan": {
        "screen": said("全区用地缺口：.*按人均 0.2 m² # m²", "propose"),
        "map": panel("选址方案实施后，按人均 0.2 m² 仍缺用地 # m²"),
        "geojson": lambda out: raw(
            out.plan["totals_after"]["land_gap_02_low_m2"], out.plan["totals_after"]["land_gap_02_m2"]
        ),
    },
}


def _stations(out: Outputs) -> list[Any]:
    return [entry for key, entry in out.page.data["popups"].items() if key.startswith("proposed/")]


def told_of(out: Outputs, name: str) -> dict[str, Any]:
    """Return what each output tells of a figure; of some nothing is known."""
    return {output: read(out) for output, read in FIRST[name].items()}


def differing(told: Mapping[str, Any]) -> bool:
    """Tell whether outputs that tell something of a figure differ."""
    shown = [each for each in told.values() if each is not None]
    return not all(_same(one, other) for one in shown for other in shown)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Figure):
        return one.agrees(other)
    if isinstance(one, tuple):
        return bool(one[0] == other[0]) and _same(one[1], other[1])
    return bool(one == other)
