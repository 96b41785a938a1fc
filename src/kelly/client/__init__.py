"""The service as Python sees it: what `kelly` does here, asked of a service elsewhere."""
