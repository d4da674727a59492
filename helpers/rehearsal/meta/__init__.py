"""A rehearsal of Meta's dashboard, as pages that whoever shows them need not understand."""
