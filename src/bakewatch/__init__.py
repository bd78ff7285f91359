"""bakewatch watches a release after it is merged."""
