"""Files in other people's projects: shown, written, undone; and the templates we write."""
