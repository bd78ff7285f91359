"""Journeys are pytest modules, walked in a process of their own.

runner.py    starts a walk, ends it in time, and turns its findings into a `JourneyRun`
process.py   a process group with a time limit and an allow-listed environment
wire.py      what the runner tells the plugin, and what the plugin reports
plugin.py    inside the walk: fixtures and hooks
api.py, database.py, broken.py    what the fixtures are made of
"""
