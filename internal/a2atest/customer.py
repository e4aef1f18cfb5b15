"""A customer on the A2A SDK's client: a whole life of tasks on a marketplace, of which the
address, the poster's key, the worker's key and the binding are given. The worker is a
plain client of the marketplace's own API. It prints what comes and ends with "done"."""

import asyncio
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.helpers import get_message_text, new_data_part, new_text_part
from a2a.types import (
    CancelTaskRequest, DeleteTaskPushNotificationConfigRequest, GetTaskRequest, ListTaskPushNotificationConfigsRequest,
    ListTasksRequest, Message, Role, SendMessageRequest, SubscribeToTaskRequest, TaskPushNotificationConfig, TaskState,
)
from a2a.utils.errors import A2AError
from google.protobuf.json_format import MessageToDict

ADDRESS, KEY, WORKER, BINDING, VERSION = sys.argv[1:6]


def state(status):
    return TaskState.Name(status.state).removeprefix("TASK_STATE_").lower()


def told(e):
    """An event in one line."""
    kind = e.WhichOneof("payload")
    body = getattr(e, kind)
    if kind == "message":
        return "message " + get_message_text(body)
    if kind == "artifact_update":
        return "artifact " + body.artifact.parts[0].text
    said = get_message_text(body.status.message) if body.status.HasField("message") else ""
    return " ".join(filter(None, [kind.removesuffix("_update"), state(body.status), said]))


def event_id(e):
    body = getattr(e, e.WhichOneof("payload"))
    return MessageToDict(body.metadata)["pinchwork"]["event_id"]


def say(*parts, task=None, context=None, id=None, **order):
    m = Message(message_id=id or str(uuid.uuid4()), role=Role.ROLE_USER, parts=list(parts))
    if task:
        m.task_id = task
    if context:
        m.context_id = context
    if order:
        m.metadata.update({"pinchwork": order})
    return SendMessageRequest(message=m)


def check(what, got, want):
    print(what, got, flush=True)
    assert got == want, f"{what}: {got!r}, not {want!r}"


class Worker:
    """The worker, on the marketplace's own API."""

    def __init__(self):
        self.http = httpx.AsyncClient(base_url=ADDRESS + "/v1", headers={"Authorization": "Bearer " + WORKER, "Accept": "application/json"})

    async def post(self, path, **body):
        r = await self.http.post(path, json=body)
        assert r.is_success, r.text
        return r.json()


async def main():
    http = httpx.AsyncClient(headers={"Authorization": "Bearer " + KEY}, timeout=30)
    card = await A2ACardResolver(httpx.AsyncClient(), ADDRESS).get_agent_card()
    offered = [(i.protocol_binding, i.protocol_version) for i in card.supported_interfaces]
    check("card", (card.name, (BINDING, VERSION) in offered), ("Pinchwork", True))
    for i in list(card.supported_interfaces):
        if (i.protocol_binding, i.protocol_version) != (BINDING, VERSION):
            card.supported_interfaces.remove(i)
    stream = ClientFactory(ClientConfig(httpx_client=http, supported_protocol_bindings=[BINDING])).create(card)
    prompt = ClientFactory(ClientConfig(httpx_client=http, supported_protocol_bindings=[BINDING], streaming=False, polling=True)).create(card)
    worker = Worker()

    async def one(req, client=prompt):
        return [e async for e in client.send_message(req)][-1]

    # A task is posted and followed, and the connection breaks while it is under way.
    first = say(new_text_part("Name a color"), context="paint-shop", max_credits=20, tags=["color"])
    lines, last, task = [], "", ""
    events = stream.send_message(first)
    async for e in events:
        lines.append(told(e))
        last = event_id(e)
        if len(lines) == 1:
            task = e.task.id
            await worker.post(f"/tasks/{task}/pickup")
        elif lines[-1] == "status working":
            await worker.post(f"/tasks/{task}/progress", note="mixing", percent=40)
        elif "mixing" in lines[-1]:
            break
    await events.aclose()
    check("stream", lines, ["task submitted", "status working", "status working mixing"])

    # What happens meanwhile comes when the stream is resumed, in order.
    await worker.post(f"/tasks/{task}/messages", message="Shall it be bright?")
    await worker.post(f"/tasks/{task}/deliver", result="green", credits_claimed=12)
    resumed = ClientCallContext(service_parameters={"Last-Event-ID": last})
    lines = [told(e) async for e in stream.subscribe(SubscribeToTaskRequest(id=task), context=resumed)]
    check("resumed", lines, [
        "task input_required The result is there. Approve it, or reject it with a reason.",
        "status working Shall it be bright?",
        "artifact green",
        "status input_required The result is there. Approve it, or reject it with a reason.",
    ])

    # Words that could mean anything cost nothing.
    e = await one(say(new_text_part("Hm, nice, I guess"), task=task))
    check("unclear", told(e)[:26], "message Nothing was done. ")

    # A rejection, with a reason; the worker tries again; a repeat is not a second one.
    no = say(new_text_part("Too dark"), task=task, action="reject")
    e = await one(no)
    check("rejected", told(e), "task working")
    check("rejected again", told(await one(no)), "task working")
    await worker.post(f"/tasks/{task}/deliver", result="lime", credits_claimed=12)
    got = await stream.get_task(GetTaskRequest(id=task))
    check("task", (state(got.status), got.artifacts[0].parts[0].text, got.context_id), ("input_required", "lime", "paint-shop"))
    check("history", [get_message_text(m) for m in got.history], ["Name a color", "Shall it be bright?"])
    e = await one(say(new_data_part({"pinchwork": {"action": "approve", "rating": 5}}), task=task))
    check("approved", (told(e), MessageToDict(e.task.metadata)["pinchwork"]["credits_charged"]), ("task completed", 12))

    # The first message again is the same task, and costs nothing.
    check("repeat", (await one(first)).task.id, task)
    me = (await http.get(ADDRESS + "/v1/me", headers={"Accept": "application/json"})).json()
    check("credits", me["credits"], 88)

    # A question before anybody claims the task, answered in plain words.
    asked = (await one(say(new_text_part("Draw a map")))).task
    await worker.post(f"/tasks/{asked.id}/questions", question="Of what?")
    await one(say(new_text_part("Of Ghent"), task=asked.id))
    got = await stream.get_task(GetTaskRequest(id=asked.id))
    check("answered", [get_message_text(m) for m in got.history], ["Draw a map", "Of what?", "Of Ghent"])

    # A cancelled task: who follows it hears of it, and its credits are back.
    following = stream.subscribe(SubscribeToTaskRequest(id=asked.id))
    lines = [told(await anext(following))]
    done = await stream.cancel_task(CancelTaskRequest(id=asked.id))
    check("cancelled", state(done.status), "canceled")
    lines += [told(e) async for e in following]
    check("followed", lines, ["task submitted", "status canceled"])
    try:
        await stream.cancel_task(CancelTaskRequest(id=task))
        raise AssertionError("an approved task was cancelled")
    except (A2AError, A2AClientError) as e:
        print("refused", type(e).__name__, e)

    # A budget under a wrong name is refused, not guessed.
    try:
        await one(say(new_text_part("x"), budget=3))
        raise AssertionError("a wrong field was taken")
    except (A2AError, A2AClientError) as e:
        print("refused", type(e).__name__, e)
        assert "max_credits" in str(e), e

    if VERSION == "1.0":
        listed = await stream.list_tasks(ListTasksRequest(context_id="paint-shop"))
        check("listed", [t.id for t in listed.tasks], [task])
        open_tasks = await stream.list_tasks(ListTasksRequest(status=TaskState.TASK_STATE_SUBMITTED))
        check("listed open", len(open_tasks.tasks), 0)
        hook = TaskPushNotificationConfig(task_id=task, url="https://hooks.example.com/a2a", token="sesame")
        saved = await stream.create_task_push_notification_config(hook)
        check("webhook", (saved.url, saved.token), (hook.url, ""))
        configs = await stream.list_task_push_notification_configs(ListTaskPushNotificationConfigsRequest(task_id=task))
        check("webhooks", [c.url for c in configs.configs], [hook.url])
        await stream.delete_task_push_notification_config(DeleteTaskPushNotificationConfigRequest(task_id=task, id=saved.id))
        configs = await stream.list_task_push_notification_configs(ListTaskPushNotificationConfigsRequest(task_id=task))
        check("webhooks left", len(configs.configs), 0)

    # Who has no key is a stranger.
    r = await httpx.AsyncClient().post(ADDRESS + "/a2a", json={"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": task}})
    check("no key", r.status_code, 401)
    print("done", flush=True)


asyncio.run(main())
