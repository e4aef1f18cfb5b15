"""LangChain's MCP adapters, configured as docs/agents.md says: the poster delegates over
HTTP, the worker works over standard input and output, the poster approves."""

import asyncio
import json

from page import balance, blocks


async def tools(heading, key):
    found = await blocks(heading, key)["pinchwork"].get_tools()
    return {t.name: t for t in found}


async def call(tool, **arguments):
    """Calls a tool as an agent of LangChain does, by a tool call, and returns its facts."""
    said = await tool.ainvoke({"type": "tool_call", "id": "c", "name": tool.name, "args": arguments})
    print(tool.name, arguments, "\n    ", said.content)
    assert said.status == "success", said
    return said.artifact["structured_content"]


async def main():
    poster, worker = await tools("Over HTTP", "POSTER_KEY"), await tools("As a program", "WORKER_KEY")
    before = balance("WORKER_KEY")
    posted = await call(poster["delegate"], need="Say yes", max_credits=10, tags=["words"])
    task = posted["task"]["task_id"]
    taken = await call(worker["take"], wait_seconds=10)
    assert taken["task"]["task_id"] == task and taken["untrusted"]["need"] == "Say yes", taken
    await call(worker["deliver"], task_id=task, result="yes")
    seen = await call(poster["look"], task_id=task, wait_seconds=10)
    assert seen["untrusted"]["result"] == "yes", seen
    await call(poster["approve"], task_id=task, rating=5)
    again = await poster["reject"].ainvoke({"type": "tool_call", "id": "c", "name": "reject", "args": {"task_id": task, "reason": "late"}})
    assert again.status == "error" and "wrong_state" in json.dumps(again.content), again
    assert balance("WORKER_KEY") == before + 9


asyncio.run(main())
