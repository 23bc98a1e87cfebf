"""Does what tests/sdks/driver.py asks for: lines of JSON in and out."""
import asyncio
import json
import logging
import sys
import traceback

from tidemill import Tidemill, TidemillError, channel_of, target_of

logging.getLogger("asyncio").setLevel(logging.ERROR)
QUICK = {"min_reconnect_delay": 0.02, "max_reconnect_delay": 0.1, "timeout": 10.0, "proxy": None}
clients, followed = {}, {}


class Query:
    """A live query, as an application has it."""

    def __init__(self, live):
        self.live, self.state = live, live.state
        self.seen = []  # all rows there were, so that no two have the same id()
        self.task = asyncio.create_task(self.run())

    async def run(self):
        async for self.state in self.live:
            self.seen += self.state.rows

    def answer(self):
        state = self.state
        return {"status": state.status, "rows": state.rows, "objects": [id(row) for row in state.rows],
                "code": state.error and state.error.code}

    async def end(self):
        await self.live.close()
        await self.task


def shown(message):
    if message["deleted_at"]:
        return "(deleted)"
    return " ".join([message["text"], *(each["emoji"] for each in message["reactions"])])


class RoomLog:
    """A room, put together from its events."""

    def __init__(self, room):
        self.room, self.events = room, room.events()
        self.messages, self.version, self.pages, self.gaps = {}, 0, 0, 0
        self.task = asyncio.create_task(self.run())

    async def run(self):
        try:
            async for event in self.events:
                self.take(event)
        except TidemillError:
            pass  # it is in self.events.error, too

    def take(self, event):
        kind, data = event["type"], event["data"]
        if kind == "room.page":
            self.pages += 1
            self.messages = {each["id"]: each for each in data["messages"]}
        elif event["version"] != self.version + 1:
            self.gaps += 1
        self.version = event["version"]
        if "message" in data:
            self.messages[data["message"]["id"]] = data["message"]
        if kind.startswith("reaction."):
            self.messages[data["message_id"]]["reactions"] = data["reactions"]

    def answer(self):
        error = self.events.error
        texts = [shown(each) for each in self.messages.values() if each["type"] == "text"]
        return {"status": self.events.status, "texts": texts, "pages": self.pages, "gaps": self.gaps, "code": error and error.code}

    async def end(self):
        await self.events.close()
        await self.task


class Does:
    """One method for each thing that is asked for."""

    @staticmethod
    async def connect(a):
        async def get_token():
            return a["token"]
        clients[a["as"]] = Tidemill(a["url"], get_token if a["token"] else None, **QUICK)

    @staticmethod
    async def name(a):
        return {"channel": channel_of(target_of(a["endpoint"], a["params"]), a.get("user"))}

    @staticmethod
    async def live(a):
        followed[a["as"]] = Query(clients[a["of"]].live(a["endpoint"], a["params"], everybody=a["everybody"]))

    @staticmethod
    async def room(a):
        followed[a["as"]] = RoomLog(clients[a["of"]].chat.room(a["room"]))

    @staticmethod
    async def rows(a):
        return followed[a["as"]].answer()

    texts = rows

    @staticmethod
    async def send(a):
        message = await followed[a["as"]].room.send(a["text"], client_msg_id=a["client_msg_id"])
        return {"message": message["id"]}

    @staticmethod
    async def edit(a):
        await followed[a["as"]].room.edit(a["message"], a["text"])

    @staticmethod
    async def delete(a):
        await followed[a["as"]].room.delete(a["message"])

    @staticmethod
    async def react(a):
        await followed[a["as"]].room.react(a["message"], a["emoji"], a["on"])

    @staticmethod
    async def end(a):
        await followed.pop(a["as"]).end()


async def do(line):
    asked = json.loads(line)
    try:
        answer = await getattr(Does, asked["do"])(asked) or {}
    except Exception as error:
        answer = {"code": getattr(error, "code", -1), "message": traceback.format_exc()}
    print(json.dumps({"id": asked["id"], **answer}), flush=True)


async def main():
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        task = asyncio.create_task(do(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    for client in clients.values():
        await client.close()


asyncio.run(main())
