# Connecting, tokens, pings, and being disconnected.
import asyncio

from harness import api, both_formats, in_seconds, token, unique, until

import jwt


@both_formats
class Connection:
    async def test_connects_as_the_user_of_its_token(self):
        user, channel = unique("user-"), unique("chat:")
        client, events = self.client(token=token(user, info={"name": "Ada"}))
        await client.connect()
        connected = await events.next("connected")
        subscription, _, _ = await self.subscribed(client, channel)
        present = (await subscription.presence()).clients[connected.client]
        self.assertEqual((present.user, self.decode(present.conn_info)), (user, {"name": "Ada"}))

    async def test_connects_as_nobody(self):
        client, _ = await self.connected(token=token(""))
        _, events, _ = await self.subscribed(client, channel := unique("anonymous:"))
        await client.publish(channel, self.encode("hello"))
        publication = (await events.next("publication")).pub
        self.assertEqual((self.decode(publication.data), publication.info.user), ("hello", ""))

    async def test_bad_token_is_refused_for_good(self):
        client, events = self.client(token=jwt.sign({"sub": "ada"}, secret="another"))
        await client.connect()
        gone = await events.next("disconnected")
        self.assertEqual((gone.code, gone.reason), (3500, "invalid token"))

    async def test_expired_token_is_replaced(self):
        asked = []

        async def get_token():
            asked.append(1)
            return token("ada", exp=in_seconds(600))

        await self.connected(token=token("ada", exp=in_seconds(-10)), get_token=get_token)
        self.assertEqual(len(asked), 1)

    async def test_token_is_refreshed_in_time(self):
        asked = asyncio.Queue()

        async def get_token():
            first = asked.qsize() == 0
            asked.put_nowait(1)
            return token("ada", exp=in_seconds(2 if first else 600))

        client, events = await self.connected(get_token=get_token)
        await events.next("connecting")
        await until(lambda: asked.qsize() >= 2)
        await self.assert_error(108, client.rpc("none", self.encode({})))
        self.assertFalse(events.happened("connecting"))

    async def test_stays_through_several_pings(self):
        _, events = await self.connected(max_server_ping_delay=1.0)
        await events.next("connecting")
        await asyncio.sleep(4.2)
        self.assertFalse(events.happened("connecting") or events.happened("disconnected"))

    async def test_is_disconnected_by_the_api(self):
        user = unique("user-")
        _, events = await self.connected(token=token(user))
        await api("disconnect", user=user, disconnect={"code": 4501, "reason": "bye"})
        gone = await events.next("disconnected")
        self.assertEqual((gone.code, gone.reason), (4501, "bye"))

    async def test_comes_back_when_the_api_says_so(self):
        user = unique("user-")
        _, events = await self.connected(token=token(user))
        await events.next("connecting")
        await api("disconnect", user=user, disconnect={"code": 4001, "reason": "again"})
        away = await events.next("connecting")
        self.assertEqual((away.code, away.reason), (4001, "again"))
        await events.next("connected")

    async def test_remote_call_is_answered_with_an_error(self):
        client, _ = await self.connected()
        await self.assert_error(108, client.rpc("none", self.encode({})))

    async def test_takes_a_message_up_to_the_limit(self):
        client, _ = await self.connected()
        _, events, _ = await self.subscribed(client, channel := unique("plain:"))
        await client.publish(channel, self.encode("x" * 65000))
        self.assertEqual(await self.data(events, 1), ["x" * 65000])

    async def test_message_over_the_limit_ends_the_connection(self):
        client, events = await self.connected()
        await events.next("connecting")
        sending = asyncio.create_task(client.publish(unique("plain:"), self.encode("x" * 66000)))
        # This client comes back by itself, whatever the transport's code was.
        await events.next("connecting")
        await events.next("connected")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
