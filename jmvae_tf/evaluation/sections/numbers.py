"""Numbers generated from anything, by column, and numbers drawn from the prior."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.subject import Subject


def numbers_sections(subject: Subject) -> list[Section]:
    """Makes a section for each direction to numbers, and one on their correlations."""
    return [
        *(
            gather.of_cases(
                "numbers",
                f"{direction.target.capitalize()} generated from test "
                f"{', '.join(direction.given)}, in the data's units",
                subject,
                [direction],
            )
            for direction in subject.directions
            if subject.kind(direction.target) == "numbers"
        ),
        gather.of_model("numbers of samples", "Numbers drawn from the prior", subject),
    ]
