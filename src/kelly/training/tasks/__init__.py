"""Tasks: what a network is trained on, with which losses; one module per model."""
