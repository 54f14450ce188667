"""What a person sees of a run: its figures and its report."""
