"""The node classifier: which of the 216 nodes of the thesaurus a sound is an example of."""
