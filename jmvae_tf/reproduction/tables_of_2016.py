"""The tables of the 2016 paper: importance-weighted log-likelihoods."""

from collections.abc import Mapping, Sequence
from typing import Any

from jmvae_tf.reproduction import published, recipes
from jmvae_tf.reproduction.measures import ZEROS, Measures, likelihoods, likelihoods_name
from jmvae_tf.reproduction.paper_table import Cell, Table, TablePart
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import Runs

_REAL = "real images"


def _inference(recipe: Recipe) -> Mapping[str, Any] | None:
    """The inference that a run is measured with; None for that of its settings."""
    return ZEROS if recipe == recipes.JMVAE_RUN else None


def measured_run(runs: Runs, recipe: Recipe) -> Measures:
    """Trains and measures a run, as far as it is not done, as these tables need it."""
    return likelihoods(runs, recipe, _inference(recipe))


def measures_name(recipe: Recipe) -> str:
    """Returns the name of the measures that these tables need of a run."""
    return likelihoods_name(_inference(recipe))


def _of_both_tables(runs: Runs) -> dict[str, Measures]:
    """Computes the measures of the models in both tables of digits, by row."""
    return {
        "JMVAE-zero": measured_run(runs, recipes.JMVAE_RUN),
        **{
            f"JMVAE-kl, α = {alpha:g}": measured_run(runs, recipe)
            for alpha, recipe in recipes.JMVAE_KL_RUNS_BY_ALPHA.items()
        },
    }


def table_1(runs: Runs) -> Table:
    """Makes the marginal and conditional log-likelihoods of digits."""
    joint = _of_both_tables(runs)
    marginal = {"VAE": measured_run(runs, recipes.VAE_RUN), **joint}
    conditional = {
        "CVAE": measured_run(runs, recipes.CVAE_RUNS["image"]),
        "CMMA": measured_run(runs, recipes.CMMA_RUNS["image"]),
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
            TablePart(
                "marginal",
                "marginal log p(x), x the image",
                columns,
                rows(
                    marginal,
                    published.MARGINAL_2016,
                    {"multiple": "log_p_image_multiple", "single": "log_p_image_single_image"},
                ),
            ),
            TablePart(
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
            *_notes(runs),
            "multiple: z from q(z|x,w); single: from q(z|x) for log p(x), from q(z|w) for "
            "log p(x|w)",
            f"log p(w) from N_w = {runs.scale.num_prior_samples} samples of the prior",
            published.ELSEWHERE_MARGINAL,
            published.ELSEWHERE_CONDITIONAL,
        ],
    )


def table_2(runs: Runs) -> Table:
    """Makes the likelihoods of faces, with and without GANs; the paper's numbers are unknown."""
    plain = {
        "VAE": recipes.VAE_RUN,
        "CVAE": recipes.CVAE_RUNS["image"],
        "CMMA": recipes.CMMA_RUNS["image"],
        "JMVAE-kl": recipes.JMVAE_KL_RUN,
    }
    measured = {}
    for row, recipe in plain.items():
        measured[row] = measured_run(runs, recipe)
        measured[f"{row}-GAN"] = measured_run(runs, recipes.GAN_RUNS[recipe.model])

    def rows(kinds: Sequence[str], *names: str) -> dict[str, list[Cell]]:
        return {
            row: [measured[row].get(name) for name in names]
            for kind in kinds
            for row in (kind, f"{kind}-GAN")
        }

    generated = "attributes_to_image"
    real = measured["JMVAE-kl"]
    return Table(
        f"Table 2 of the 2016 paper, {runs.data_name}: importance-weighted test log-likelihoods in "
        "nats, and what is generated",
        [
            TablePart(
                "marginal",
                "marginal log p(x), x the image",
                ("multiple", "single", "sharpness, reconstructed"),
                {
                    **rows(
                        ("VAE", "JMVAE-kl"),
                        "log_p_image_multiple",
                        "log_p_image_single_image",
                        "image_sharpness_reconstruction_single_image",
                    ),
                    _REAL: [None, None, real["image_sharpness_real"]],
                },
            ),
            TablePart(
                "conditional",
                "conditional log p(x|w), w the attributes",
                ("multiple", "single", "coherence", "diversity", "sharpness"),
                {
                    **rows(
                        ("CVAE", "CMMA", "JMVAE-kl"),
                        *(f"log_p_image_given_attributes_{how}" for how in ("multiple", "single")),
                        f"{generated}_coherence",
                        f"{generated}_diversity",
                        f"image_sharpness_{generated}",
                    ),
                    _REAL: [
                        None,
                        None,
                        real[f"{generated}_judge_balanced_accuracy"],
                        None,
                        real["image_sharpness_real"],
                    ],
                },
            ),
        ],
        [
            f"k = {runs.scale.num_importance_samples}; {_scored(runs)}. The density is N(μ, I) of "
            "standardised pixels; the paper's numbers are not in its text that is at hand",
            runs.summary("celeba"),
            "multiple: z from q(z|x,w); single: from q(z|x) for log p(x), from q(z|w) for "
            f"log p(x|w); log p(w) from N_w = {runs.scale.num_prior_samples} samples of the prior",
            "coherence: how well a classifier of real images reads the asked-for attributes off "
            "generated ones, balanced accuracy, mean over attributes",
            "diversity: mean distance between images generated for one condition, over that "
            "between real ones",
            "sharpness: variance of the Laplacian, to be near that of real images",
            "-: not defined",
        ],
    )


def table_3(runs: Runs) -> Table:
    """Makes the joint log-likelihoods of digits."""
    return Table(
        "Table 3 of the 2016 paper, MNIST: importance-weighted test log-likelihoods in nats",
        [
            TablePart(
                "joint",
                "joint log p(x,w), multiple",
                ("paper", "ours"),
                {
                    row: [published.JOINT_2016.get(row), found["log_p_joint_multiple"]]
                    for row, found in _of_both_tables(runs).items()
                },
            )
        ],
        [*_notes(runs), published.ELSEWHERE_JOINT],
    )


def _notes(runs: Runs) -> list[str]:
    return [
        f"k = {runs.scale.num_importance_samples}; {_scored(runs)}",
        runs.summary(),
        "JMVAE-zero: JMVAE with zeros for what is missing, encoded once; -: not defined, or not "
        "in the text of the paper that is at hand",
    ]


def _scored(runs: Runs) -> str:
    number = runs.scale.num_likelihood_examples
    return (
        f"higher is better; ours over {f'the first {number}' if number else 'all'} test examples, "
        "the same for every row, so that differences between rows are surer than the standard "
        "errors say"
    )
