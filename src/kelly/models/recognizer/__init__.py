"""The EmotionRecognizer: what feeling a sound carries, frame by frame."""
