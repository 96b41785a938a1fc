"""Export: from a checkpoint to the weights that Kelly ships."""
