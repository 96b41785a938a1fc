"""The waves: SoundFonts, rendering, loudness and audio files."""
