"""A small live-event service, the application under watch."""
