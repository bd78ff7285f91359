"""Durability by DBOS: start, resume, attach, read back. The only package that may import it."""
