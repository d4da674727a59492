"""A stand-in for Instagram: the pages a person sees, the API, and what it remembers."""
