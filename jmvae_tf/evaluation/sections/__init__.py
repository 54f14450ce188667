"""Which metrics a model gets, under the headings of its table."""
