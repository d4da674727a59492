"""Set up *Log in with Instagram* for Strapi, step by step, and prove it with a witnessed login.

Twelve rooms; each imports from those above it alone, and docs/house.md says why each wall stands:

    failures                   what goes wrong, by name
    core                       errors, secrets, settings, inputs, addresses, the login flows as data
    web, project               small servers and bounded requests; files in other people's projects
    gateway, strapi, tunnel    the one origin and its witness; Strapi over HTTP; a public address
    login, rehearsal           the verdict on what was witnessed; stand-ins under their real names
    kit                        one setup in progress: its facts, and the rehearsal's servers or the user's own
    doctor                     every check, measured once, told with cause and fix
    practice, commands         one thing broken on purpose; what each command of the terminal does
    notebook, __main__         what people click, the only room with widgets; what is typed in a terminal
"""

__version__ = "0.1.0"
