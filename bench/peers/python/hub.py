"""Who is subscribed to what in this process, the queue of each client, and Redis."""
import asyncio
import collections

import orjson
import redis.asyncio

# One that is being written is held by uvicorn, with at most 64 KiB before it.
QUEUE_BYTES_MAX = (1 << 20) - (128 << 10)


class Client:
    """Called in the task that reads from the client, which is cancelled if the client is too slow."""

    def __init__(self, websocket):
        self.websocket = websocket
        self.channels = set()
        self.reader = asyncio.current_task()
        self.waiting = asyncio.Queue()
        self.waiting_bytes = 0

    def send(self, text, size):
        self.waiting_bytes += size
        if self.waiting_bytes > QUEUE_BYTES_MAX:
            self.reader.cancel()
        else:
            self.waiting.put_nowait((text, size))

    def answer(self, what, channel):
        encoded = orjson.dumps({what: channel})
        self.send(encoded.decode(), len(encoded))

    async def write(self):
        while True:
            text, size = await self.waiting.get()
            await self.websocket.send_text(text)
            self.waiting_bytes -= size


class Topic:
    """A channel with subscribers: they are answered, and get its publications, once it is confirmed."""

    def __init__(self, confirmed):
        self.subscribers = set()
        self.confirmed = confirmed


class Hub:
    def __init__(self):
        self.topics = {}
        self.redis = None

    def subscribe(self, client, channel):
        client.channels.add(channel)
        topic = self.topics.get(channel)
        if topic is None:
            topic = self.topics[channel] = Topic(confirmed=self.redis is None)
            if self.redis:
                self.redis.subscribe(channel)
        topic.subscribers.add(client)
        if topic.confirmed:
            client.answer("subscribed", channel)

    def unsubscribe(self, client, channel):
        client.channels.discard(channel)
        topic = self.topics.get(channel)
        if topic is None or client not in topic.subscribers:
            return
        topic.subscribers.remove(client)
        if not topic.subscribers:
            del self.topics[channel]
            if self.redis:
                self.redis.unsubscribe(channel)

    def leave(self, client):
        for channel in list(client.channels):
            self.unsubscribe(client, channel)

    def confirm(self, channel):
        topic = self.topics.get(channel)
        if topic is None or topic.confirmed:
            return
        topic.confirmed = True
        for client in topic.subscribers:
            client.answer("subscribed", channel)

    def deliver(self, channel, payload):
        topic = self.topics.get(channel)
        if topic is None or not topic.confirmed:
            return
        text = payload.decode()
        for client in topic.subscribers:
            client.send(text, len(payload))

    def count(self, channel):
        topic = self.topics.get(channel)
        return len(topic.subscribers) if topic else 0


class RedisLink:
    """One connection that subscribes and one that publishes what has gathered while it was busy."""

    def __init__(self, url, hub):
        self.hub = hub
        self.redis = redis.asyncio.from_url(url)
        self.pubsub = self.redis.pubsub()
        self.changes = asyncio.Queue()            # of subscriptions, in their order
        self.unconfirmed = collections.Counter()  # SUBSCRIBE commands of a channel
        self.gathered = []
        self.flushing = None
        self.tasks = []

    async def open(self):
        await self.redis.ping()
        await self.pubsub.connect()
        self.tasks = [asyncio.create_task(self.change()), asyncio.create_task(self.receive())]

    def subscribe(self, channel):
        self.unconfirmed[channel] += 1
        self.changes.put_nowait((self.pubsub.subscribe, channel))

    def unsubscribe(self, channel):
        self.changes.put_nowait((self.pubsub.unsubscribe, channel))

    async def change(self):
        while True:
            command, channel = await self.changes.get()
            await command(channel)

    async def receive(self):
        while True:
            message = await self.pubsub.get_message(timeout=None)
            channel = message["channel"].decode()
            if message["type"] == "message":
                self.hub.deliver(channel, message["data"])
            elif message["type"] == "subscribe":
                self.confirm(channel)

    def confirm(self, channel):
        """Of several SUBSCRIBE commands only the last counts: there was an UNSUBSCRIBE between them."""
        self.unconfirmed[channel] -= 1
        if self.unconfirmed[channel] <= 0:
            del self.unconfirmed[channel]
            self.hub.confirm(channel)

    async def publish(self, channel, payload):
        published = asyncio.get_running_loop().create_future()
        self.gathered.append((channel, payload, published))
        if self.flushing is None:
            self.flushing = asyncio.create_task(self.flush())
        await published

    async def flush(self):
        while self.gathered:
            batch, self.gathered = self.gathered, []
            pipeline = self.redis.pipeline(transaction=False)
            for channel, payload, _ in batch:
                pipeline.publish(channel, payload)
            results = await asyncio.gather(pipeline.execute(), return_exceptions=True)
            for _, _, published in batch:
                if published.done():  # its request was given up
                    continue
                if isinstance(results[0], Exception):
                    published.set_exception(results[0])
                else:
                    published.set_result(None)
        self.flushing = None
