"""Draw arrays with matplotlib, and write the figures to PNG files; know no model and no data."""
