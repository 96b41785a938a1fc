"""The dynamics network: how loud, how early and how long each written note is played."""
