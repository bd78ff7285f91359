"""The first plan: what a repository shows, and the commented file that is written of it. Nobody is asked anything."""
