"""Networks: torch modules, sizes by configuration."""
