"""The OpenAI Agents SDK, configured as docs/agents.md says. Its own loop runs, with a model
that says what is written here: the poster delegates over HTTP, the worker works over
standard input and output, the poster approves."""

import asyncio
import json

from agents import Model, ModelResponse, Runner, Usage, set_tracing_disabled
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from page import balance, blocks

set_tracing_disabled(True)


class Script(Model):
    """A model that makes one call after another. A call is a function of what the last
    one answered."""

    def __init__(self, *calls):
        self.calls, self.tools = list(calls), []

    async def get_response(self, system_instructions, input, model_settings, tools, *args, **kwargs):
        self.tools = [t.name for t in tools]
        said = input[-1]["output"] if isinstance(input, list) and input[-1].get("type") == "function_call_output" else None
        print("   ", said)
        if not self.calls:
            text = ResponseOutputText(type="output_text", text=json.dumps(said), annotations=[])
            output = ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[text])
        else:
            name, arguments = self.calls.pop(0)
            print(name, arguments)
            output = ResponseFunctionToolCall(type="function_call", call_id=f"c{len(self.calls)}", name=name, arguments=json.dumps(arguments))
        return ModelResponse(output=[output], usage=Usage(), response_id=None)

    def stream_response(self, *args, **kwargs):
        raise NotImplementedError


def agent(heading, key):
    """The agent of a section of the page, with its server."""
    made = blocks(heading, key)
    return made["agent"], made["pinchwork"]


async def run(agent, *calls):
    model = Script(*calls)
    result = await Runner.run(agent.clone(model=model), "Go on.")
    assert {"find_work", "take", "deliver", "delegate", "look", "approve"} <= set(model.tools), model.tools
    return result.final_output


async def main():
    poster, http = agent("Over HTTP", "POSTER_KEY")
    worker, stdio = agent("As a program", "WORKER_KEY")
    before = balance("WORKER_KEY")
    async with http, stdio:
        await run(poster, ("delegate", {"need": "Say yes", "max_credits": 10, "tags": ["words"]}))
        taken = await run(worker, ("take", {"wait_seconds": 10}))
        task = taken[taken.index("tk-"):][:19].split('"')[0].split("\\")[0]
        await run(worker, ("deliver", {"task_id": task, "result": "yes"}))
        seen = await run(poster, ("look", {"task_id": task, "wait_seconds": 10}), ("approve", {"task_id": task, "rating": 5}))
        assert "approved" in seen, seen
    assert balance("WORKER_KEY") == before + 9


asyncio.run(main())
