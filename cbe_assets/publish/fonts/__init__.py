"""The one font of the figures, as files; README.txt says what it is and how it was made."""
