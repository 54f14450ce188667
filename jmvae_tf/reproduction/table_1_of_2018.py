"""Table 1 of the 2018 paper: Eq. 5 in both directions, for digits and for faces."""

from collections.abc import Mapping

from jmvae_tf.reproduction import published, recipes
from jmvae_tf.reproduction.measures import Measures, generation
from jmvae_tf.reproduction.paper_table import Cell, Table, TablePart, shown, without_empty_columns
from jmvae_tf.reproduction.runs import Runs

_Columns = Mapping[str, str]
"""Maps column names to names of metrics, with {direction} in them."""

_LOG_MEAN_EXP = {"log-mean-exp": "{direction}_log_mean_exp"}
_LOG_MEAN_EXP_NOTE = (
    "log-mean-exp: of the same samples; nearer to the log-likelihood, of which both fall short"
)


def of_digits(runs: Runs) -> Table:
    """Makes the upper half, on MNIST."""
    ours = {"ours": "{direction}_log_likelihood"} | _LOG_MEAN_EXP
    measured = _measured(runs, "label")
    return Table(
        "Table 1 of the 2018 paper, MNIST: test conditional log-likelihoods in nats",
        _parts(
            "label",
            measured,
            published.TABLE_1_2018,
            ours | {"coherence": "label_coherence", "diversity": "label_diversity"},
            ours | {"labels right": "generated_label_accuracy"},
        ),
        [
            f"paper and ours: Eq. 5, N = {runs.scale.num_samples}; JMVAE-h: Eq. 6. "
            "Higher is better; ours with standard errors over test examples",
            runs.summary(),
            "Eq. 5 rewards a lack of diversity: the mean digit of a label scores about -172, "
            "better than any model of the paper. So read it with the other columns",
            _LOG_MEAN_EXP_NOTE,
            "coherence: share of images, generated from labels, that the label is read off by a "
            "classifier of real images, which is right for "
            f"{shown(measured['image']['JMVAE']['classifier_accuracy'])} of real test images",
            "diversity: mean distance between images generated from one label, over that between "
            "real ones",
            "labels right: share of grey test images whose likeliest label is the true one",
        ],
    )


def of_faces(runs: Runs) -> Table:
    """Makes the lower half, on CelebA; other faces lack the paper's numbers."""
    measured = _measured(runs, "attributes")
    from_attributes = measured["image"]["JMVAE"]
    number = runs.scale.num_generation_examples
    scored = f"the first {number}" if number else "all"
    settings = runs.settings(recipes.JMVAE_RUN)
    is_papers = runs.data_name == "celeba"
    return Table(
        f"Table 1 of the 2018 paper, {runs.data_name}: test conditional log-likelihoods in nats",
        _parts(
            "attributes",
            measured,
            published.TABLE_1_2018 if is_papers else {},
            {
                "ours, weighted": "{direction}_log_likelihood_weighted",
                "ours, density": "{direction}_log_likelihood",
                **_LOG_MEAN_EXP,
                "coherence": "{direction}_coherence",
                "worst": "{direction}_coherence_worst",
                "diversity": "{direction}_diversity",
            },
            {
                "ours": "{direction}_log_likelihood",
                **_LOG_MEAN_EXP,
                "attributes right": "{direction}_accuracy",
                "majority": "{direction}_majority_accuracy",
                "balanced": "{direction}_balanced_accuracy",
            },
        ),
        [
            f"paper and ours: Eq. 5, N = {runs.scale.num_samples}; JMVAE-h: Eq. 6; JMVAE and "
            f"JMVAE-h after {settings.num_rounds} rounds of iterative sampling. Higher is better; "
            f"ours with standard errors over {scored} test examples, "
            "the same for every row, so that differences between rows are surer than they say",
            runs.summary("celeba"),
            "weighted: the image's log-likelihood times its weight in the bound, "
            f"{settings.likelihood_weights['image']:.3g}, which is no density"
            + (": the authors' code averages over the three channels" if is_papers else "")
            + ". density: N(μ, I) of standardised pixels, of which log-mean-exp is too",
            "Eq. 5 rewards a lack of diversity"
            + (
                ": weighted, the mean face scores -5794 and a regression on attributes -5560, "
                "better than any model of the paper; -47.6 is what a constant scores in the other "
                "direction. So read it"
                if is_papers
                else ", so read it"
            )
            + " with the other columns",
            _LOG_MEAN_EXP_NOTE,
            "coherence: how well a classifier of real images reads the asked-for attributes off "
            "generated ones, balanced accuracy, mean over attributes and the worst; of real test "
            "images "
            f"{shown(from_attributes['attributes_to_image_judge_balanced_accuracy'])} and "
            f"{shown(from_attributes['attributes_to_image_judge_balanced_accuracy_worst'])}",
            "diversity: mean distance between images generated for one condition, over that "
            "between real ones",
            "attributes right: share of signs, mean over attributes; majority: of always the "
            "commoner sign; balanced: mean of the shares of both signs, 0.5 for any guess",
        ],
    )


def _measured(runs: Runs, other: str) -> dict[str, dict[str, Measures]]:
    """Maps target and row to measures, for images and one other modality."""
    by_model = {
        "JMVAE": recipes.JMVAE_RUN,
        "JMVAE-kl": recipes.JMVAE_KL_RUN,
        "JMVAE-h": recipes.JMVAE_H_RUN,
    }
    of_target = {
        target: by_model | {"CVAE": recipes.CVAE_RUNS[target], "CMMA": recipes.CMMA_RUNS[target]}
        for target in ("image", other)
    }
    trained = {recipe.name: recipe for rows in of_target.values() for recipe in rows.values()}
    by_run = {name: generation(runs, recipe) for name, recipe in trained.items()}
    return {
        target: {row: by_run[recipe.name] for row, recipe in rows.items()}
        for target, rows in of_target.items()
    }


def _parts(
    other: str,
    measured: Mapping[str, Mapping[str, Measures]],
    paper: Mapping[str, published.Numbers],
    to_image: _Columns,
    from_image: _Columns,
) -> list[TablePart]:
    parts = []
    for given, target, columns in ((other, "image", to_image), ("image", other, from_image)):
        direction = f"{given}_to_{target}"
        rows: dict[str, list[Cell]] = {
            row: [
                paper.get(direction, {}).get(row),
                *(measures.get(name.format(direction=direction)) for name in columns.values()),
            ]
            for row, measures in measured[target].items()
        }
        title = f"{given} → {target}: log p({target}|{given})"
        parts.append(without_empty_columns(TablePart(direction, title, ("paper", *columns), rows)))
    return parts
