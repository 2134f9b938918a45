"""Adapters to external systems: model services and the database."""
