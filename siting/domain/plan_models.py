"""The models of a plan, and what each requires; few imports, so that the command line can name them quickly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

PlanModel = Literal["mclp", "lscp", "p_median", "p_center", "fair", "compliance", "phased", "network"]

# Settings that all models use except compliance, which uses only clauses.
_OF_PEOPLE: Final = frozenset({"capacity", "existing_capacity", "weights"})


@dataclass(frozen=True)
class ModelTraits:
    """What a model requires and uses.

    ``bounded_by`` are the settings of which it needs one, so that a plan is limited. ``settings`` are those that it
    uses but not every model does. ``by_share``: it requires a share of the people. ``by_circle``: its objective counts
    people within the service circle. ``own_program``: it has a program of its own, beyond the people, sites and
    rules of a location problem; searches for it start from no plan, and it has no certificate.
    """

    bounded_by: tuple[Literal["stations", "budget_cny"], ...] = ()
    settings: frozenset[str] = _OF_PEOPLE
    by_share: bool = False
    by_circle: bool = False
    own_program: bool = False


TRAITS: Final[Mapping[PlanModel, ModelTraits]] = {
    "mclp": ModelTraits(("stations", "budget_cny"), _OF_PEOPLE | {"robust", "robust_share"}, by_circle=True),
    "lscp": ModelTraits((), _OF_PEOPLE | {"share", "unit_share", "least"}, by_share=True, by_circle=True),
    # A budget alone does not limit walking time.
    "p_median": ModelTraits(("stations",), _OF_PEOPLE | {"beyond_minutes"}),
    "p_center": ModelTraits(("stations",), _OF_PEOPLE | {"share"}, by_share=True),
    "fair": ModelTraits(("stations", "budget_cny"), _OF_PEOPLE | {"unit_share"}),
    "compliance": ModelTraits((), frozenset({"clauses"}), own_program=True),
    "phased": ModelTraits(
        (), frozenset({"weights", "phases", "phases_until", "discount_rate"}), by_circle=True, own_program=True
    ),
    "network": ModelTraits(("stations", "budget_cny"), _OF_PEOPLE | {"clauses", "links"}, own_program=True),
}
# Settings that not every model uses.
SETTINGS_OF_MODELS: Final = frozenset().union(*(each.settings for each in TRAITS.values()))


def models_with(setting: str) -> tuple[PlanModel, ...]:
    """Return the models that use a setting.

    Examples
    --------
    >>> from siting.domain.plan_models import models_with
    >>> models_with("share")
    ('lscp', 'p_center')
    """
    return tuple(model for model, traits in TRAITS.items() if setting in traits.settings)
