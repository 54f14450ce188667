"""The papers' tables of MNIST, theirs and ours side by side."""

from collections.abc import Callable, Mapping

from jmvae_tf.reproduction import published, recipes
from jmvae_tf.reproduction.layout import Cell, Section, Table, shown
from jmvae_tf.reproduction.measures import ZEROS, Measures, generation, likelihoods
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import Runs

_LABEL_TO_IMAGE, _IMAGE_TO_LABEL = "label_to_image", "image_to_label"


def make_table(name: str, runs: Runs) -> Table:
    """A table of a paper, from runs that are trained and measured as far as they are not yet.

    Args:
      name: one of `recipes.TABLES`.
      runs: of one scale.
    """
    return _MAKERS[name](runs)


def _table_1_of_2018(runs: Runs) -> Table:
    by_model = {"JMVAE": recipes.JMVAE, "JMVAE-kl": recipes.JMVAE_KL, "JMVAE-h": recipes.JMVAE_H}
    runs_of: dict[str, dict[str, Recipe]] = {
        _LABEL_TO_IMAGE: by_model | {"CVAE": recipes.CVAE["image"], "CMMA": recipes.CMMA["image"]},
        _IMAGE_TO_LABEL: by_model | {"CVAE": recipes.CVAE["label"], "CMMA": recipes.CMMA["label"]},
    }
    by_run = {recipe.name: generation(runs, recipe) for recipe in recipes.TABLES["2018-1-mnist"]}
    measured = {
        direction: {row: by_run[recipe.name] for row, recipe in of.items()}
        for direction, of in runs_of.items()
    }

    def rows(direction: str, *measures: str) -> dict[str, list[Cell]]:
        paper = published.TABLE_1_2018[direction]
        return {
            row: [
                paper.get(row),
                found.get(f"{direction}_eq5", found.get(f"{direction}_eq6")),
                *(found.get(measure) for measure in measures),
            ]
            for row, found in measured[direction].items()
        }

    judge = measured[_LABEL_TO_IMAGE]["JMVAE"]["classifier_accuracy"]
    return Table(
        "Table 1 of the 2018 paper, MNIST: test conditional log-likelihoods in nats",
        [
            Section(
                _LABEL_TO_IMAGE,
                "label → image: log p(image|label)",
                ("paper", "ours", "log-mean-exp", "coherence", "diversity"),
                rows(
                    _LABEL_TO_IMAGE,
                    f"{_LABEL_TO_IMAGE}_log_mean_exp",
                    "label_coherence",
                    "label_diversity",
                ),
            ),
            Section(
                _IMAGE_TO_LABEL,
                "image → label: log p(label|image)",
                ("paper", "ours", "log-mean-exp", "labels right"),
                rows(
                    _IMAGE_TO_LABEL,
                    f"{_IMAGE_TO_LABEL}_log_mean_exp",
                    "generated_label_accuracy",
                ),
            ),
        ],
        [
            f"paper and ours: Eq. 5, N = {runs.scale.num_samples}; JMVAE-h: Eq. 6. "
            "Higher is better; ours with standard errors over test examples",
            runs.summary(),
            "Eq. 5 rewards a lack of diversity: the mean digit of a label scores about -172, "
            "better than any model of the paper. So read it with the other columns",
            "log-mean-exp: of the same samples; nearer to the log-likelihood, of which both fall "
            "short",
            "coherence: share of images, generated from labels, that the label is read off by a "
            "classifier of real images, which is right for "
            f"{shown(judge)} of real test images",
            "diversity: mean distance between images generated from one label, over that between "
            "real ones",
            "labels right: share of grey test images whose likeliest label is the true one",
        ],
    )


def _log_likelihoods_of_2016(runs: Runs) -> dict[str, Measures]:
    """Of the models that both tables of the 2016 paper have, by the rows' names."""
    return {
        "JMVAE-zero": likelihoods(runs, recipes.JMVAE, ZEROS),
        **{
            f"JMVAE-kl, α = {alpha:g}": likelihoods(runs, recipe)
            for alpha, recipe in recipes.JMVAE_KL_BY_ALPHA.items()
        },
    }


def _table_1_of_2016(runs: Runs) -> Table:
    joint = _log_likelihoods_of_2016(runs)
    marginal = {"VAE": likelihoods(runs, recipes.VAE), **joint}
    conditional = {
        "CVAE": likelihoods(runs, recipes.CVAE["image"]),
        "CMMA": likelihoods(runs, recipes.CMMA["image"]),
        **joint,
    }

    def rows(
        measured: Mapping[str, Measures],
        paper: Mapping[str, published.Numbers],
        names: Mapping[str, str],
    ) -> dict[str, list[Cell]]:
        return {
            row: [cell for how in names for cell in (paper[how].get(row), found.get(names[how]))]
            for row, found in measured.items()
        }

    columns = ("multiple, paper", "multiple, ours", "single, paper", "single, ours")
    return Table(
        "Table 1 of the 2016 paper, MNIST: importance-weighted test log-likelihoods in nats",
        [
            Section(
                "marginal",
                "marginal log p(x), x the image",
                columns,
                rows(
                    marginal,
                    published.MARGINAL_2016,
                    {"multiple": "log_p_image_multiple", "single": "log_p_image_single_image"},
                ),
            ),
            Section(
                "conditional",
                "conditional log p(x|w), w the label",
                columns,
                rows(
                    conditional,
                    published.CONDITIONAL_2016,
                    {how: f"log_p_image_given_label_{how}" for how in ("multiple", "single")},
                ),
            ),
        ],
        [
            *_notes_of_2016(runs),
            "multiple: z from q(z|x,w); single: from q(z|x) for log p(x), from q(z|w) for "
            "log p(x|w)",
            f"log p(w) from N_w = {runs.scale.num_prior_samples} samples of the prior",
            published.ELSEWHERE_MARGINAL,
            published.ELSEWHERE_CONDITIONAL,
        ],
    )


def _table_3_of_2016(runs: Runs) -> Table:
    return Table(
        "Table 3 of the 2016 paper, MNIST: importance-weighted test log-likelihoods in nats",
        [
            Section(
                "joint",
                "joint log p(x,w), multiple",
                ("paper", "ours"),
                {
                    row: [published.JOINT_2016.get(row), found["log_p_joint_multiple"]]
                    for row, found in _log_likelihoods_of_2016(runs).items()
                },
            )
        ],
        [*_notes_of_2016(runs), published.ELSEWHERE_JOINT],
    )


def _notes_of_2016(runs: Runs) -> list[str]:
    scale = runs.scale
    number = scale.num_likelihood_examples
    return [
        f"k = {scale.num_importance_samples}; higher is better; ours over "
        f"{f'the first {number}' if number else 'all'} test examples, the same for every row, so "
        "that differences between rows are surer than the standard errors say",
        runs.summary(),
        "JMVAE-zero: JMVAE with zeros for what is missing, encoded once; -: not defined, or not "
        "in the text of the paper that is at hand",
    ]


_MAKERS: Mapping[str, Callable[[Runs], Table]] = {
    "2018-1-mnist": _table_1_of_2018,
    "2016-1": _table_1_of_2016,
    "2016-3": _table_3_of_2016,
}
