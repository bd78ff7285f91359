"""The story: one merged change followed into production, and undone if it hurts."""
