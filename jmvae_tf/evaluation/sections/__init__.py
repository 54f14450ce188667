"""The sections of the table; their metrics are in `jmvae_tf/evaluation/metrics`."""
