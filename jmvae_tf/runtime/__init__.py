"""What every part stands on: errors, files, seeds, replicas, precision."""
