"""What the scripts here need of docs/agents.md and of the server."""

import json
import os
import re
import urllib.request

PAGE = open(os.environ["AGENTS_PAGE"], encoding="utf-8").read()


def blocks(heading, key, host=None):
    """Runs the Python of a section of the page, which is inside the host's, with the key in
    the environment and the address of the server under test, and returns its names."""
    section = part(part(PAGE, "## ", host or os.environ["HOST_HEADING"]), "### ", heading)
    code = "\n".join(re.findall(r"```python\n(.*?)```", section, re.S))
    assert code, heading
    os.environ["PINCHWORK_API_KEY"] = os.environ[key]
    names = {}
    exec(compile(code.replace("https://YOUR-SERVER", os.environ["MARKET"]), heading, "exec"), names)
    return names


def part(text, mark, heading):
    """The part of a text below a heading, up to the next of the same rank."""
    _, found, rest = ("\n" + text).partition("\n" + mark + heading + "\n")
    assert found, heading
    return rest.split("\n" + mark)[0]


def balance(key):
    request = urllib.request.Request(os.environ["MARKET"] + "/v1/me", headers={
        "Authorization": "Bearer " + os.environ[key], "Accept": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["credits"]
