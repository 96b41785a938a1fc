"""The judge: a recogniser for scores that knows its own songs alone, and chooses among what Kelly wrote."""
