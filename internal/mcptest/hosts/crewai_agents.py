"""CrewAI's adapter, configured as docs/agents.md says: the poster delegates over HTTP, the
worker works over standard input and output, the poster approves. It is large, so that no
test installs it: see the package's documentation."""

import ast
import json
import os

os.environ["CREWAI_DISABLE_TELEMETRY"] = os.environ["OTEL_SDK_DISABLED"] = "true"

from page import balance, blocks


def call(tool, **arguments):
    """Calls a tool as an agent does, and returns its facts, which are the second text."""
    said = ast.literal_eval(tool.run(**arguments))
    print(tool.name, arguments, "\n    ", said[0])
    return json.loads(said[1])


def main():
    before = balance("WORKER_KEY")
    with blocks("Over HTTP", "POSTER_KEY")["pinchwork"] as http, blocks("As a program", "WORKER_KEY")["pinchwork"] as stdio:
        poster, worker = {t.name: t for t in http}, {t.name: t for t in stdio}
        task = call(poster["delegate"], need="Say yes", max_credits=10, tags=["words"])["task"]["task_id"]
        assert call(worker["take"], wait_seconds=10)["task"]["task_id"] == task
        call(worker["deliver"], task_id=task, result="yes")
        assert call(poster["look"], task_id=task, wait_seconds=10)["untrusted"]["result"] == "yes"
        call(poster["approve"], task_id=task, rating=5)
    assert balance("WORKER_KEY") == before + 9


main()
