"""A stand-in for Strapi, and the project that it runs."""
