"""The headings of the table; each finds its metrics in `jmvae_tf/evaluation/metrics`."""
