"""Errors, secrets, settings, inputs, addresses and their layout, and the login flows as data."""
