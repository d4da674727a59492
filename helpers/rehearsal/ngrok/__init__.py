"""A stand-in for ngrok: the agent, its local API, the account, and the edge."""
