"""The review queue: filters, order, priority, text search and claims."""
