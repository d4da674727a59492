"""Errors, secrets, settings, inputs, addresses, and the login flows as data."""
