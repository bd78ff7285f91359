"""Supabase: hosted logs, database load, read-only SQL and canaries, over the platform's Management API."""
