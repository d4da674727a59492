"""One thing is broken on purpose."""
