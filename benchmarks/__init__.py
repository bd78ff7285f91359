"""Measurements of bakewatch itself: each prints a table and writes it as JSON into `results/`."""
