"""What an export says of itself: its modalities, its signatures and their names, its values."""
