"""Improvising: the transformer writes, over the plan that the rules made."""
