"""Every check, measured once, told with cause and fix; and what a pasted text means."""
