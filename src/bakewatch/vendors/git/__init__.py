"""The repository behind production, by git itself, in a private mirror."""
