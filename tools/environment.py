"""Make an environment of the repository, or leave it if it is right: ``environment.py FOLDER EXTRAS``.

This file runs on any Python, so that one which is too old gets a sentence instead of a wall.
"""

import hashlib
import os
import re
import subprocess
import sys

OLDEST = (3, 11)
LOCK = "requirements.lock"
PROJECT = "pyproject.toml"


def main(folder, extras, *options):
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    exactly = sys.version_info[:2] if "--exactly" in options else None
    found = version_of(python)
    right = found is not None and found >= OLDEST and exactly in (None, found)
    if right and is_newer(os.path.join(folder, "ready"), PROJECT):
        return
    if sys.version_info[:2] < OLDEST:
        sys.exit(too_old(sys.executable, sys.version_info))
    if right and not has_pip(python):
        # Half made, such as by a Debian that had no python3-venv yet, or made by uv.
        print("{} has no pip: it is made anew.".format(folder))
        right = False
    elif found is not None and not right:
        print("{} is of Python {}.{}: it is made anew.".format(folder, *found))
    if not right:
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", folder])
    print(
        "Installing the kit with {} into {}; the first time this takes a minute or two.".format(
            extras, folder
        )
    )
    sys.stdout.flush()
    install(python, extras, oldest="--oldest" in options)
    with open(os.path.join(folder, "ready"), "w"):
        pass


def too_old(executable, version):
    return (
        "{} is Python {}.{}; the kit needs {}.{} or later: install one, and name it, "
        "as in make lab PYTHON=python3.12".format(executable, version[0], version[1], *OLDEST)
    )


def version_of(python):
    """None if there is no such Python, or none any more."""
    ask = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        asked = subprocess.Popen([python, "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = asked.communicate()[0].split()
        return int(said[0]), int(said[1])
    except (OSError, ValueError, IndexError):
        return None


def has_pip(python):
    asked = subprocess.Popen([python, "-c", "import pip"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    asked.communicate()
    return asked.returncode == 0


def is_newer(ready, source):
    return os.path.exists(ready) and os.path.getmtime(ready) >= os.path.getmtime(source)


def install(python, extras, oldest=False):
    # --no-user: a pip.conf that says otherwise is for the system's Python.
    pip = [python, "-m", "pip", "install", "--quiet", "--no-user", "--disable-pip-version-check"]
    ours = ["-e", ".[{}]".format(extras)]
    if oldest:
        constraints = os.path.join(os.path.dirname(os.path.dirname(python)), "oldest.txt")
        with open(constraints, "w") as file:
            file.write("\n".join(floors()))
        subprocess.check_call(pip + ["--constraint", constraints] + ours)
        return
    if extras == "lab" and fits():
        if subprocess.call(pip + ["--require-hashes", "-r", LOCK]) == 0:
            subprocess.check_call(pip + ["--no-deps", "-e", "."])
            return
        print("{} cannot be had here: the newest that {} allows is taken.".format(LOCK, PROJECT))
    subprocess.check_call(pip + ours)


def declared(*extras):
    import tomllib  # of 3.11

    with open(PROJECT, "rb") as file:
        project = tomllib.load(file)["project"]
    return project["dependencies"] + [
        each for extra in extras for each in project["optional-dependencies"][extra]
    ]


def floors():
    """The oldest version of each dependency that the project says it can do with."""
    return [re.sub(r">=([^,]+).*", r"==\1", each) for each in declared("lab", "test")]


def mark():
    """By which a lock is known to be of these dependencies; a date would be any checkout's."""
    wanted = "\n".join(sorted(declared("lab")))
    return "# of the dependencies " + hashlib.sha256(wanted.encode()).hexdigest()


def fits():
    try:
        with open(LOCK) as file:
            return mark() in file.read().splitlines()
    except OSError:
        return False


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
