"""Stand-ins on this machine for everything a login needs: Strapi, Instagram, Meta, ngrok, an internet."""
