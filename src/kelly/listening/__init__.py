"""From what a person gives (words for now) to an emotion."""
