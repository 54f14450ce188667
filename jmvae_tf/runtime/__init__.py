"""Basics that all parts use: errors, files, random seeds, replicas, precision."""
