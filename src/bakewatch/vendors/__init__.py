"""Whoever answers, serves, walks, undoes and tells: one file or package each, none knows another."""
