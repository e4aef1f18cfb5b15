"""An A2A agent on the official SDK's server. It prints its address, then a line for
everything that it is asked to do. Its arguments are the versions of the protocol that it speaks, and
"silent" when it has no streams. What it does is in the first word of a task:
"ask" asks for input, "hang" works until it is cancelled, "fail" fails, "say" answers
with a message alone, anything else is done in capitals."""

import asyncio
import socket
import sys

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, TaskState
from starlette.applications import Starlette


def log(*words):
    print(*words, flush=True)


class Shouter(AgentExecutor):
    async def execute(self, context, queue):
        said = context.get_user_input()
        word = said.split()[0]
        task = context.current_task
        log("start" if task is None else "answer", context.message.message_id, word)
        if word == "say":
            await queue.enqueue_event(new_text_message(said.upper()))
            return
        if task is None:
            task = new_task_from_user_message(context.message)
            await queue.enqueue_event(task)
        updater = TaskUpdater(queue, task.id, task.context_id)
        note = updater.new_agent_message([new_text_part("reading")], metadata={"percent": 40})
        await updater.update_status(TaskState.TASK_STATE_WORKING, note)
        if word == "ask":
            await updater.requires_input(updater.new_agent_message([new_text_part("In which color?")]))
            return
        if word == "hang":
            await asyncio.Event().wait()
        if word == "fail":
            await updater.failed(updater.new_agent_message([new_text_part("too hard")]))
            return
        await updater.add_artifact([new_text_part(said.upper())], metadata={"credits_claimed": 3})
        await updater.complete()

    async def cancel(self, context, queue):
        log("cancel", context.message.message_id if context.message else "-")
        await TaskUpdater(queue, context.task_id, context.context_id).cancel()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    address = "http://127.0.0.1:%d" % listener.getsockname()[1]
    card = AgentCard(
        name="shouter",
        description="shouts",
        version="1",
        skills=[AgentSkill(id="shout", name="shout", description="shouts", tags=["shout"])],
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        capabilities=AgentCapabilities(streaming="silent" not in sys.argv),
        supported_interfaces=[
            AgentInterface(url=address + "/rpc", protocol_binding="JSONRPC", protocol_version=version)
            for version in sys.argv[1:]
            if version != "silent"
        ],
    )
    handler = DefaultRequestHandler(agent_executor=Shouter(), task_store=InMemoryTaskStore(), agent_card=card)
    app = Starlette(
        routes=create_agent_card_routes(card) + create_jsonrpc_routes(handler, "/rpc", enable_v0_3_compat=True)
    )
    log(address)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


main()
