"""Journeys are pytest modules, walked in a process of their own.

runner.py    starts a walk, ends it in time, and turns its findings into a `JourneyRun`
process.py   a process with a time limit, an allow-listed environment, and nothing that outlives it
wire.py      what the runner tells the plugin, and what the plugin reports
plugin.py    inside the walk: fixtures and hooks
pages.py     inside the walk: marks what a browser opens
counting.py  counts for a walk, so that its process needs no token
shown.py     inside the walk: what counts as having shown something
api.py, database.py, broken.py    what the fixtures are made of
"""
