"""Numbers in, numbers out: evidence, intervals and power of counts. Nothing here knows a release or a log."""
