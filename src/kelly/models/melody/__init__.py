"""The melody network: which pitches sound in the next beat."""
