"""Strapi over HTTP, its provider settings, and their undo."""
