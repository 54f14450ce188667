"""The base of models whose q(z|x_S) is the product of their experts."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import product_of_experts
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.observed import Observed


class ProductVAE(ExpertsVAE):
    """A model whose q(z|x_S) is the product of its experts, without the prior."""

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The product of the experts."""
        rows = [observed.rows.get(name) for name in experts]
        return product_of_experts(list(experts.values()), rows, "none")

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """See `MultimodalVAE.rows_of_term`; each modality has terms of its own."""
        for name in self.modalities:
            if term in (f"kl_{name}", f"log_p_{name}_alone"):
                return found.any_of([name])
        return super().rows_of_term(term, found)
