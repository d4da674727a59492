"""Small servers and bounded requests on this machine."""
