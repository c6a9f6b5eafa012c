"""The models by which a plan may be made; here so that the command line can name them without any heavy import."""

from typing import Literal

PlanModel = Literal["mclp", "lscp", "p_median", "p_center", "fair", "compliance"]
