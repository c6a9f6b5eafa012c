"""The order in which notes are told: what may change a verdict first, repairs last."""

from collections.abc import Iterable
from typing import Final

from siting.domain.nouns import Note

# How people were scaled to the figures of units, and why gaps of one table do not add up.
CALIBRATED: Final = ("calibrated_residents", "calibrated_elderly", "calibrated_far_residents", "calibrated_far_elderly")
SUMS: Final = ("gaps_do_not_add_up", "gaps_of_communities_do_not_add_up")
# Notes that may change a verdict come first: misplaced records, then too many or too few people, then unknown figures.
# Then follow omissions, then interpretations of requirements; repairs come last.
_FIRST: Final = (
    "layer_displaced",
    "layer_displaced_back",
    "looks_gcj02",
    "crs_from_head",
    "datum_without_parameters",
    "outside_area_of_use",
    "segments_too_long",
    "lines_cross_unjoined",
    "unit_of_extent",
    "people_points_repeated",
    "people_outside",
    "verdicts_of_draws",
    "verdicts_open",
    *CALIBRATED,
    "ways_look_alike",
    "ways_unknown",
    "facilities_outside_units",
    "named_units_elsewhere",
    "named_units_unknown",
    "circle_located_coarsely",
    "residential_outside",
    "people_rows_unmatched",
    "people_units_unmatched",
    "people_total_differs",
    "people_dense",
    "people_sparse",
    "elderly_few",
    "elderly_exceed_residents_by_cell",
    "group_exceeds_elderly_by_cell",
    "nodata_by_convention",
    "grid_covers_part",
    "people_cover_part",
    "grid_part_accepted",
    "people_areas_unknown",
    "calibrated_unmet",
    "facilities_undated",
    "standing_not_open",
    "coming_already_open",
    "standing_closed",
    "serving_unsaid",
    "kinds_unknown",
    "unit_kinds_missing",
    "land_missing",
    "plots_large",
    "plots_small",
    "sizes_per_bed",
    "plots_doubtful",
    "plots_without_floor",
    "facilities_off_network",
    "people_cut_off",
    "people_beside_scraps",
    "people_off_network",
    "standard_of_another_district",
    "standards_in_part",
    "plan_of_other_scenario",
    "plan_of_exact_people",
    "people_withheld",
    "notes_of_people_left_out",
    "columns_nearly_known",
    "invalid_left_out",
    "invalid_left_out_with_people",
    "people_rows_left_out",
)
# Notes that every screen shows: they say what was done to the people and the streets, who is not counted, and why
# figures of one table do not add up.
ON_SCREEN: Final = frozenset(
    {
        *("layer_displaced", "layer_displaced_back", "looks_gcj02", "unit_of_extent"),
        *("people_outside", "verdicts_of_draws", "verdicts_open", *CALIBRATED[:2], "ways_look_alike", "ways_unknown"),
        *("facilities_outside_units", "plan_of_other_scenario", *SUMS),
    }
)
_LEFT_OUT: Final = "left_out"
# Omissions that are no records.
_NO_RECORDS: Final = ("total_rows", "footer_rows", "section_rows", "guide_sheets", "struck_text", "slivers")
# Parts of the codes for repairs, conversions and restorations.
_MENDED: Final = (
    *("mended", "columns_", "column_units", "words_", "numbers_", "missing_words", "codes_", "leading_", "dates_"),
    *("unseen_", "guards_", "merged_", "hidden_", "rows_above", "lines_joined", "lines_snapped", "lines_doubled"),
    *("polygon_", "curves_", "rings_", "points_from", "text_torn", "residential_across", "age_bands", "bands_added"),
)


def by_importance(notes: Iterable[Note]) -> list[Note]:
    """Return notes in the order of the report; notes of one kind keep their order.

    Examples
    --------
    >>> from siting.domain.nouns import Note
    >>> from siting.domain.note_order import by_importance
    >>> [note.code for note in by_importance([Note("slivers_mended"), Note("layer_displaced")])]
    ['layer_displaced', 'slivers_mended']
    >>> codes = ["dates_with_time", "villages_spared", "total_rows_left_out", "land_missing"]
    >>> [note.code for note in by_importance(map(Note, codes))]
    ['land_missing', 'villages_spared', 'dates_with_time', 'total_rows_left_out']
    """
    first = {code: place for place, code in enumerate(_FIRST)}

    def rank(note: Note) -> tuple[int, int]:
        code = note.code
        if code in first:
            return 0, first[code]
        if any(part in code for part in (*_MENDED, *_NO_RECORDS)):
            return 3, 0
        return (1 if _LEFT_OUT in code else 2), 0

    return sorted(notes, key=rank)
