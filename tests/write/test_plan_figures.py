"""Charts around a plan: what they show, in both languages, and what they do when something is missing."""

import math
from collections.abc import Iterator

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from siting.text import LANGS, Lang
from siting.write import figures, plan_figures
from siting.write.plan_figures import draw_alternatives, draw_curve, draw_lorenz, draw_order, draw_stability

CURVE = pd.DataFrame(
    {
        "limit": [0, 1, 2, 3],
        "covered_share": [0.2, 0.5, 0.6, 0.7],
        "value_share": [0.2, 0.5, 0.6, 0.7],
        "bound_share": [0.2, 0.5, 0.65, math.inf],
        "status": ["optimal", "optimal", "feasible", "feasible"],
    }
)
ORDER = pd.DataFrame(
    {
        "rank": [0, 1, 2, 3],
        "row": [9, 4, 2, 7],
        "gain": [5.0, 100, 60, 20],
        "cumulative": [5.0, 105, 165, 185],
        "best": [math.nan, 120, 165, 185],
        "loss_share": [math.nan, 0.125, 0, 0],
    }
)
BEFORE = pd.DataFrame({"people_share": [0, 0.5, 1.0], "served_share": [0, 0.0, 1.0]})
AFTER = pd.DataFrame({"people_share": [0, 0.5, 1.0], "served_share": [0, 0.4, 1.0]})
PLANS = pd.DataFrame({"chosen": [(1, 2), (1, 5), (2, 5)], "loss_share": [0, 0.004, -0.001]})
SPEEDS = pd.DataFrame({"row": [1, 4], 0.6: [False, True], 1.0: [True, True], "stays_at": [1, 2]})


def drawn(figure: Figure, path: str = "") -> str:
    """All texts of a figure, once it has been drawn."""
    figure.savefig(path or "/dev/null", format="png")
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))  # type: ignore[attr-defined]


def every_chart(lang: Lang) -> Iterator[Figure]:
    yield draw_curve(CURVE, lang, plan_at=2)
    yield draw_curve(CURVE.assign(limit=CURVE["limit"] * 1e6), lang, by="budget")
    yield draw_order(ORDER, lang, names={4: "A", 2: "B", 7: "C"})
    yield draw_lorenz(BEFORE, AFTER, lang)
    yield draw_alternatives(PLANS, lang)
    yield draw_stability(SPEEDS, lang)


@pytest.mark.parametrize("lang", LANGS)
def test_every_chart_is_in_one_language(lang: Lang) -> None:
    for figure in every_chart(lang):
        texts = drawn(figure)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in texts)
        assert chinese == (lang == "zh" and figures.choose_font("zh")[1] == "zh")


def test_without_a_chinese_font_charts_are_english_and_sites_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_FONTS", ())
    texts = drawn(draw_alternatives(PLANS, "zh", names={1: "人民路", 2: "解放路", 5: "中山路"}))
    assert "this plan" in texts
    assert "人民路" not in texts
    assert "3 人" not in drawn(draw_order(ORDER, "zh", names={4: "人", 2: "人", 7: "人"}))


def test_the_band_reaches_from_the_plan_to_the_bound() -> None:
    axes = draw_curve(CURVE, "en").axes[0]
    band = next(each for each in axes.collections if isinstance(each, PolyCollection))
    corners = np.concatenate([path.vertices for path in band.get_paths()])
    assert corners[:, 0].max() == 2  # nothing is known of the third point
    assert corners[corners[:, 0] == 2][:, 1].max() == 65
    assert corners[corners[:, 0] == 2][:, 1].min() == 60


def test_the_plan_is_marked_as_high_as_the_curve() -> None:
    texts = drawn(draw_curve(CURVE, "en", plan_at=2))
    assert "this plan: 60.0 %" in texts
    between = CURVE.assign(limit=[0, 10, 20, 30])
    assert "this plan: 50.0 %" in drawn(draw_curve(between, "en", plan_at=19))
    assert "this plan" not in drawn(draw_curve(CURVE[1:], "en", plan_at=0))


def test_a_plan_that_covers_less_than_could_be_stands_below_the_curve() -> None:
    chart = draw_curve(CURVE, "en", plan_at=2, plan_share=0.3)
    (mark,) = (line for line in chart.axes[0].lines if line.get_marker() == "D")
    assert list(np.asarray(mark.get_ydata())) == [30.0]
    assert mark.get_label() == "this plan: 30.0 %"


def test_a_weighted_share_says_so() -> None:
    assert "weighted" not in drawn(draw_curve(CURVE, "en"))
    assert "weighted" in drawn(draw_curve(CURVE.assign(covered_share=0.1), "en"))


def test_points_without_a_plan_are_not_drawn() -> None:
    table = CURVE.assign(value_share=[math.nan, 0.5, 0.6, 0.7], bound_share=[math.nan, 0.5, 0.6, 0.7])
    line = draw_curve(table, "en").axes[0].lines[0]
    assert np.asarray(line.get_xdata()).tolist() == [1, 2, 3]


def test_money_is_in_ten_thousands() -> None:
    figure = draw_curve(CURVE.assign(limit=CURVE["limit"] * 2.5e7), "en", by="budget")
    assert np.asarray(figure.axes[0].lines[0].get_xdata()).tolist() == [0, 2500, 5000, 7500]
    assert "6,000" in drawn(figure)


def test_the_order_shows_steps_losses_and_names() -> None:
    figure = draw_order(ORDER, "en", names={4: "Mill", 2: "Quay", 7: "Fort"})
    upper, lower = figure.axes
    assert np.asarray(upper.lines[1].get_ydata()).tolist() == [105, 165, 185]
    assert [bar.get_height() for bar in lower.patches] == [12.5, 0, 0]  # type: ignore[attr-defined]
    texts = drawn(figure)
    assert "12.5" in texts
    assert ("1 Mill" in texts) == (figures.choose_font("en")[0] is not None)
    assert "newly covered" in texts


def test_walking_time_is_in_hours() -> None:
    table = ORDER.assign(cumulative=[9e6, 7.2e6, 3.6e6, 1.8e6], best=[math.nan, 7.2e6, 3.6e6, 1.8e6])
    figure = draw_order(table, "en", walked=True)
    assert np.asarray(figure.axes[0].lines[1].get_ydata()).tolist() == [2000, 1000, 500]
    assert "person-hours" in drawn(figure)


def test_the_best_is_drawn_only_where_it_was_sought() -> None:
    figure = draw_order(ORDER.assign(best=[math.nan, 120, math.nan, 185]), "en")
    assert np.asarray(figure.axes[0].lines[0].get_xdata()).tolist() == [1, 3]


def test_an_empty_order_is_an_empty_chart() -> None:
    assert drawn(draw_order(ORDER[:0], "en"))


def test_lorenz_curves_carry_their_gini() -> None:
    texts = drawn(draw_lorenz(BEFORE, AFTER, "en"))
    # Areas under the curves: 0.25 and 0.1 + 0.35.
    assert "before (Gini 0.500)" in texts
    assert "with the plan (Gini 0.100)" in texts
    assert "0.123" in drawn(draw_lorenz(BEFORE, AFTER, "en", gini=(0.123, 0.1)))


def test_where_nobody_is_covered_the_chart_says_so() -> None:
    assert "nothing to compare" in drawn(draw_lorenz(BEFORE[:0], AFTER[:0], "en"))
    assert "nothing to compare" not in drawn(draw_lorenz(BEFORE[:0], AFTER, "en"))


def colours(figure: Figure) -> list[list[str]]:
    """The cells of a matrix, line by line."""
    cells = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    width = len({cell.get_x() for cell in cells})
    names = {
        figures._BLUE: "ours",
        plan_figures._ORANGE: "other",
        plan_figures._PALE: "",
    }
    shown = sorted(
        (cell.get_y(), cell.get_x(), names[matplotlib.colors.to_hex(cell.get_facecolor())]) for cell in cells
    )
    kinds = [kind for _, _, kind in shown]
    return [kinds[start : start + width] for start in range(0, len(kinds), width)]


def test_the_matrix_shows_what_stays_and_what_comes_in() -> None:
    figure = draw_alternatives(PLANS, "en", names={1: "Mill", 2: "Quay", 5: "Fort"})
    assert colours(figure) == [["ours", "ours", ""], ["ours", "", "ours"], ["", "other", "other"]]
    texts = drawn(figure)
    for text in ("0.40 % worse", "0.10 % better", "1/2", "2/2"):
        assert text in texts


def test_many_sites_that_stay_in_all_are_left_out_and_counted() -> None:
    always = tuple(range(50))
    plans = pd.DataFrame({"chosen": [(*always, 60), (*always, 61)], "loss_share": [0, 0.0]})
    figure = draw_alternatives(plans, "en")
    assert colours(figure) == [["ours", ""], ["", "other"]]
    texts = drawn(figure)
    assert "50 sites" in texts
    assert "equally good" in texts


def test_an_order_without_loss_says_so() -> None:
    words = "every stage equals the optimal plan"
    assert words in drawn(draw_order(ORDER.assign(loss_share=0.0), "en"))
    assert words not in drawn(draw_order(ORDER, "en"))


def test_sites_that_stay_at_most_speeds_stand_on_top() -> None:
    figure = draw_stability(SPEEDS, "en", names={1: "Mill", 4: "Quay"})
    texts = drawn(figure).splitlines()
    assert [each for each in dict.fromkeys(texts) if each in ("Quay", "Mill")] == ["Quay", "Mill"]
    assert {"0.6 m/s", "1.0 m/s", "1/2", "2/2"} <= set(texts)
    tiles = [each.get_facecolor() for each in figure.axes[0].patches if isinstance(each, Rectangle)]
    assert [colour == tiles[0] for colour in tiles] == [True, True, False, True]


def test_a_plan_without_alternatives_is_one_column() -> None:
    alone = draw_alternatives(PLANS[:1], "en")
    assert colours(alone) == [["ours"], ["ours"]]
    assert "0/0" not in drawn(alone)
    assert drawn(draw_alternatives(pd.DataFrame({"chosen": [()], "loss_share": [0.0]}), "en"))
