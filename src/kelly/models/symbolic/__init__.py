"""The symbolic recogniser: what feeling a score carries, from its traits."""
