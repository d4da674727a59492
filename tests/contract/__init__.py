"""What the kit relies on at Strapi.

The stand-ins speak like 5.54 (``session``), 5.52 (``oauth-connect``) and 5.50 (``token``).
"""
