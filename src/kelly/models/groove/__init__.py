"""The groove network: when and how loud each sixteenth of a bar of drums is struck."""
