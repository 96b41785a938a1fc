"""The notes: scores and their parts, MIDI in and out."""
