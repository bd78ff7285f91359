"""HTTP: health, and the webhooks of who merges and who deploys. It parses, asks `durable`, and answers."""
