# A server of its own, which is killed and started again.
import asyncio
import os

from harness import both_formats, unique

from server import Server


def serve(*flags, **options):
    return Server(os.environ["SDK_BINARY"], "--config", os.environ["SDK_CONFIG"], *flags, **options)


@both_formats
class Restart:
    async def publish(self, server, channel, number):
        await asyncio.to_thread(server.api, "publish", {"channel": channel, "data": number})

    async def test_comes_back_after_a_kill_and_is_told_that_nothing_was_recovered(self):
        channel = unique("chat:")
        with serve() as first:
            self.websocket = first.websocket
            client, client_events = await self.connected()
            _, events, _ = await self.subscribed(client, channel)
            await self.publish(first, channel, 1)
            self.assertEqual(await self.data(events, 1), [1])
            await client_events.next("connecting")
            await asyncio.to_thread(first.kill)
            await client_events.next("connecting")
            with serve(address=first.address) as second:
                back = await events.next("subscribed")
                self.assertEqual((back.was_recovering, back.recovered), (True, False))
                await self.publish(second, channel, 2)
                self.assertEqual(await self.data(events, 1), [2])

    async def test_is_refused_without_a_token_where_nobody_may_be_anonymous(self):
        with serve("--client.allow_anonymous_connect_without_token=false") as server:
            self.websocket = server.websocket
            client, events = self.client(token="")
            await client.connect()
            self.assertEqual((await events.next("disconnected")).code, 3501)
