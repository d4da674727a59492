"""A public address, and the proof that it leads here."""
