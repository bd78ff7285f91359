"""Raw text in, clean text out. Pure: no time, no files, no network."""
