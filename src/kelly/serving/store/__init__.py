"""The store of the service."""
