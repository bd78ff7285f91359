"""Hosting `vercel`: what the platform says of its deployments, its instant rollback and its promotion."""

from bakewatch.vendors.vercel.hosting import KIND, Vercel, VercelSettings

__all__ = ["KIND", "Vercel", "VercelSettings"]
