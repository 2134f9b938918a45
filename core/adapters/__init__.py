"""The outside world: model services and the database."""
