"""A certificate as it stands in a plan's file, in JSON values."""

from typing import Literal, NotRequired, TypedDict

CertifiedModel = Literal["mclp", "lscp", "p_median"]


class CertificateNode(TypedDict, total=False):
    """A node of the tree of a certificate.

    ``{"by": k}`` is a leaf, bounded by set k of the multipliers; ``{"site": j, "open": node, "closed": node}`` is a
    branch; ``{"by": k, "shut": [j …], "open": [j …], "then": node}`` goes on without the sites that set k excludes, and
    with those that it requires.
    """

    by: int
    site: int
    shut: list[int]
    open: "CertificateNode | list[int]"
    closed: "CertificateNode"
    then: "CertificateNode"


class CertificateValues(TypedDict):
    """A certificate (:class:`siting.locate.certificate.Certificate`) with packed sets of multipliers.

    ``served``, with capacity, are the packed columns of which site serves which people: site, point, persons.
    """

    model: CertifiedModel
    bits: list[int]
    bound: int
    multipliers: list[str]
    shift: int
    prices: list[int]
    tree: CertificateNode
    served: NotRequired[list[str]]
