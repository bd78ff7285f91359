"""The pages that people see: templates, one style sheet and plain scripts that talk to `/api` and `/auth/v1`."""
