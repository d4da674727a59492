"""Stand-ins on this machine for everything a login needs: Instagram, Strapi, the ngrok agent, an internet."""
