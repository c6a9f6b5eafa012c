"""Parts of a result: one unit of an assessment by itself."""

from siting.assess.part import part_of as part_of
from siting.assess.part import plan_part_of as plan_part_of
