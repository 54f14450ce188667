"""The papers' numbers, in nats, by the row names of their tables.

The 2016 paper's numbers are quoted from other papers, since our text of it lacks its tables.
"""

from collections.abc import Mapping

Numbers = Mapping[str, float]

TABLE_1_2018: Mapping[str, Numbers] = {
    "label_to_image": {
        "JMVAE": -977.2,
        "JMVAE-kl": -422.4,
        "JMVAE-h": -552.2,
        "CVAE": -448.8,
        "CMMA": -451.1,
    },
    "image_to_label": {
        "JMVAE": -0.2361,
        "JMVAE-kl": -0.2628,
        "JMVAE-h": -3.589,
        "CVAE": -5.293,
        "CMMA": -0.2971,
    },
    "attributes_to_image": {
        "JMVAE": -48763,
        "JMVAE-kl": -6852,
        "JMVAE-h": -7355,
        "CVAE": -6825,
        "CMMA": -6920,
    },
    "image_to_attributes": {
        "JMVAE": -43.97,
        "JMVAE-kl": -44.13,
        "JMVAE-h": -47.61,
        "CVAE": -44.28,
        "CMMA": -44.57,
    },
}
"""2018 paper, Table 1: log p(target|given) on MNIST and CelebA by Eq. 5, JMVAE-h by Eq. 6.

CelebA's images are scored with a third of a log-density, since the authors' code averages over the
three channels.
"""

MARGINAL_2016: Mapping[str, Numbers] = {"multiple": {"JMVAE-kl, α = 0.1": -86.86}, "single": {}}
"""2016 paper, Table 1, left: log p(x) on MNIST, k = 1000."""

CONDITIONAL_2016: Mapping[str, Numbers] = {"multiple": {}, "single": {}}
"""2016 paper, Table 1, right: log p(x|w) on MNIST, k = 1000."""

JOINT_2016: Numbers = {
    "JMVAE-zero": -86.96,
    "JMVAE-kl, α = 0.01": -86.94,
    "JMVAE-kl, α = 0.1": -86.93,
    "JMVAE-kl, α = 1": -89.28,
}
"""2016 paper, Table 3: log p(x,w) on MNIST, multiple, k = 1000."""

ELSEWHERE_MARGINAL = (
    "others report log p(x) of JMVAE on binarised MNIST as -86.305 (Wu and Goodman 2018), and "
    "libraries that reproduce JMVAE-kl, α = 0.1, multiple, -86.85 ± 0.03 and -86.76 ± 0.06 after "
    "500 epochs"
)
ELSEWHERE_CONDITIONAL = (
    "others report log p(x|w) on binarised MNIST as -83.985 of JMVAE and -83.448 of CVAE "
    "(Wu and Goodman 2018)"
)
ELSEWHERE_JOINT = (
    "others report log p(x,w) of JMVAE on binarised MNIST as -86.371 (Wu and Goodman 2018)"
)
