"""The one origin behind the tunnel: routes, hides, and witnesses a login."""
