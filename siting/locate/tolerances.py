"""The tolerances of the solvers, each with its reason; compiled kernels read some of them."""

from typing import Final

# --- floats -----------------------------------------------------------------------------------------------------------

# Sums of the same floats in another order, and products of a few of them, differ by less than this share.
SUM_TOLERANCE: Final = 1e-12
# A bound is a sum of up to a million floats: it is moved outward by this share of its terms.
BOUND_ROUNDING: Final = 1e-10
# A share of people is reached if less than this share of them is missing: sums of people are exact to fewer digits.
SHARE_TOLERANCE: Final = 1e-9
# The rounding error of one term of a sum.
TERM_ROUNDING: Final = 1.2e-16
# A saving is a difference of costs: below this share of the cost without any site it is a rounding error.
SAVING_ROUNDING: Final = 4e-15
# Shares, prices and dual values below this value are zero: linear programs return such rounding errors.
NEAR_ZERO: Final = 1e-9

# --- whole numbers ----------------------------------------------------------------------------------------------------

# A bound that exceeds a whole number by less than this is that number.
INTEGER_TOLERANCE: Final = 1e-6
# A bound this close to a whole step of the objective is rounded to that step.
STEP_TOLERANCE: Final = 1e-3
# HiGHS proves a gap that is strictly below one step of the objective.
UNDER_ONE_STEP: Final = 0.99
# Flows of whole persons are rounded within this.
FLOW_TOLERANCE: Final = 1e-5

# --- proofs -----------------------------------------------------------------------------------------------------------

# A bound this close to the incumbent proves it; smaller than the tolerance of a proof.
PROOF_TOLERANCE: Final = 4e-10

# --- HiGHS ------------------------------------------------------------------------------------------------------------

# HiGHS accepts a constraint as satisfied, and a number as integral, within this.
FEASIBILITY_TOLERANCE: Final = 1e-9
# How much a reported objective may differ from the value at its point, and a point violate a constraint, as a share of
# the terms.
ANSWER_TOLERANCE: Final = 1e-6
# Constraints that rounding errors could violate are relaxed by this share of their largest coefficient. It must be
# above 1e-9: with a smaller value, the presolve of HiGHS 1.15 calls a variable that must be almost 1 infeasible.
ROW_TOLERANCE: Final = 1e-8
# The row tolerance can gain at most this share of the objective's range: larger gaps stay open.
MOST_ROW_GAIN: Final = 1e-5
# A linear program satisfies a constraint within this.
LP_ROW_TOLERANCE: Final = 1e-8
# The objective of a linear program is exact to this share of the sum of its terms.
LP_OBJECTIVE_TOLERANCE: Final = 1e-11
# The error of a dual value.
DUAL_TOLERANCE: Final = 1e-7

# --- capacity cuts ----------------------------------------------------------------------------------------------------

# A cut must be violated by at least this part of the capacity unit.
LEAST_VIOLATION: Final = 1e-5
# Openings within this of 0 or 1 are integral.
OPENING_TOLERANCE: Final = 1e-4
# Openings below this are closed while cuts are separated.
CLOSED: Final = 1e-7
# Remainders within this part of the unit from 0 or from the unit give no useful cut.
REMAINDER_TOLERANCE: Final = 1e-6
# A cut must be more violated by this to be better.
BETTER_CUT: Final = 1e-6
