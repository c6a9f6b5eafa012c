"""Walking times that are kept between runs: whether they are used, and what went wrong with them."""

from siting.store import Trouble as Trouble
from siting.store import cache_off as cache_off
from siting.store import troubles as troubles
