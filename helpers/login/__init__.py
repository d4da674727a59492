"""The verdict on what was witnessed, the trace, and the robot that walks a login."""
