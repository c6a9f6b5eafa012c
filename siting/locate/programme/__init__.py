"""Every model with every rule, as mixed-integer programmes of named rows.

:mod:`~siting.locate.programme.rows` turns the rules into rows over the sites,
:mod:`~siting.locate.programme.covering` and :mod:`~siting.locate.programme.assignment` say who is served,
:mod:`~siting.locate.programme.models`, :mod:`~siting.locate.programme.fair` and
:mod:`~siting.locate.programme.center` what is asked; :mod:`~siting.locate.programme.first` finds a first plan and
:mod:`~siting.locate.programme.stages` the best one.
"""

from siting.locate.programme.solve import by_programme

__all__ = ["by_programme"]
