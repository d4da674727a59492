"""Set up *Log in with Instagram* for Strapi, step by step, and prove it with a witnessed login.

Reading order, which is also the direction of imports:

    errors, settings   what can go wrong, and the facts the user gives
    urls, instagram    every address of the setup, and the two login flows as data
    tunnel, gateway    a public address, and the one door behind it (ngrok_tunnel, agent, forwarding, door)
    witness, trace     what the gateway saw of a login, without its secrets
    strapi, project    Strapi over HTTP, and the changes its project needs (edits, journal, undo)
    login              the round trip: a driver, and a verdict on what was witnessed (logins, browser)
    kit                the running whole: rehearsal world or live setup
    checks             one check per step
    workshop           what an attendee's kit tells the facilitator's board
    forms, views       what people click and what they look at
"""

__version__ = "0.1.0"
