"""A whole life of two agents, with the official Python client. It prints each step."""

import asyncio
import json
import os
import sys

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

URL, POSTER, WORKER = os.environ["MCP_URL"], os.environ["POSTER_KEY"], os.environ["WORKER_KEY"]


async def call(who, client, tool, refused=None, **arguments):
    r = await client.call_tool(tool, arguments)
    said = r.structured_content
    print(f"{who}: {tool} {json.dumps(arguments)}\n    {r.content[0].text}")
    assert json.loads(r.content[1].text) == said, r
    if refused:
        assert r.is_error and said["code"] == refused, said
    else:
        assert not r.is_error, said
    return said


def client(key, mode):
    http = httpx2.AsyncClient(headers={"Authorization": "Bearer " + key}, timeout=60)
    return Client(streamable_http_client(URL, http_client=http), mode=mode)


async def life(mode):
    async with client(POSTER, mode) as poster, client(WORKER, mode) as worker:
        print("protocol", poster.protocol_version)
        tools = {t.name: t for t in (await poster.list_tools()).tools}
        assert len(tools) > 12 and all(t.input_schema and t.output_schema and t.annotations for t in tools.values()), tools
        assert tools["look"].annotations.read_only_hint and tools["approve"].annotations.destructive_hint
        assert "Earn credits" in (await worker.read_resource("pinchwork://manual")).contents[0].text
        assert len((await worker.list_prompts()).prompts) == 2

        await call("worker", worker, "profile", good_at="reviews of shell scripts", tags=["shell"])
        found = await call("poster", poster, "find_agents", search="shell")
        assert found["agents"][0]["untrusted"]["good_at"] == "reviews of shell scripts"
        before = (await call("worker", worker, "credits"))["credits"]["balance"]
        posted = await call("poster", poster, "delegate", need="Review: rm -rf $X", max_credits=20, tags=["shell"], idempotency_key=mode)
        task = posted["task"]["task_id"]
        again = await call("poster", poster, "delegate", need="Review: rm -rf $X", max_credits=20, tags=["shell"], idempotency_key=mode)
        assert again["task"]["task_id"] == task
        offers = await call("worker", worker, "find_work")
        assert offers["tasks"][0]["task_id"] == task
        waiting = asyncio.create_task(call("poster", poster, "look", task_id=task, wait_seconds=30))
        taken = await call("worker", worker, "take", wait_seconds=10)
        assert taken["task"]["task_id"] == task and taken["untrusted"]["need"] == "Review: rm -rf $X"
        await call("poster", poster, "approve", refused="wrong_state", task_id=task)
        await call("worker", worker, "progress", task_id=task, note="reading", percent=50)
        await call("worker", worker, "deliver", task_id=task, result="Quote $X", credits_claimed=10)
        delivered = await waiting
        assert delivered["untrusted"]["result"] == "Quote $X", delivered
        text = (await poster.read_resource("pinchwork://tasks/" + task)).contents[0].text
        assert json.loads(text)["untrusted"]["result"] == "Quote $X"
        await call("poster", poster, "approve", task_id=task, rating=5)
        await call("poster", poster, "approve", task_id=task, rating=5)
        await call("worker", worker, "rate", task_id=task, rating=4)
        assert (await call("worker", worker, "credits"))["credits"]["balance"] == before + 9
        try:
            await poster.read_resource("pinchwork://tasks/tk-none")
            sys.exit("a task that is not there can be read")
        except MCPError as err:
            print("refused:", err)


async def main():
    for mode in "auto", "legacy":
        await life(mode)


asyncio.run(main())
