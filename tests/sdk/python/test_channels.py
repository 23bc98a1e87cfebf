# Subscribing, publishing, history, presence, and what the server does to subscriptions.
import asyncio

from centrifuge import StreamPosition
from harness import Events, api, both_formats, in_seconds, token, unique, until

CHANNEL_LIMIT = 128


@both_formats
class Channels:
    async def test_receives_its_own_and_others_publications(self):
        channel = unique("chat:")
        ada, _ = await self.connected(token=token("ada"))
        bob, _ = await self.connected(token=token("bob"))
        a, events_a, _ = await self.subscribed(ada, channel)
        b, events_b, _ = await self.subscribed(bob, channel)
        await a.publish(self.encode({"from": "a"}))
        await b.publish(self.encode({"from": "b"}))
        await api("publish", channel=channel, data={"from": "api"}, tags={"k": "v"})
        for events in (events_a, events_b):
            got = [(await events.next("publication")).pub for _ in range(3)]
            self.assertEqual([self.decode(p.data)["from"] for p in got], ["a", "b", "api"])
            self.assertEqual([p.offset for p in got], [1, 2, 3])
            self.assertEqual([p.info.user if p.info else None for p in got], ["ada", "bob", None])
            self.assertEqual(got[2].tags, {"k": "v"})

    async def test_keeps_several_channels_apart(self):
        client, _ = await self.connected()
        channels = [unique("plain:") for _ in range(3)]
        subscribed = [await self.subscribed(client, channel) for channel in channels]
        for channel in channels:
            await api("publish", channel=channel, data=channel)
        for channel, (_, events, _) in zip(channels, subscribed):
            self.assertEqual(await self.data(events, 1), [channel])
            self.assertFalse(events.happened("publication"))

    async def test_a_thousand_messages_arrive_in_order(self):
        channel = unique("chat:")
        clients = [(await self.connected(token=token(user)))[0] for user in ("ada", "bob")]
        subscribed = [await self.subscribed(client, channel) for client in clients]

        async def publish(who):
            for number in range(500):
                await subscribed[who][0].publish(self.encode([who, number]))

        await asyncio.gather(publish(0), publish(1))
        received = [[(await events.next("publication")).pub for _ in range(1000)] for _, events, _ in subscribed]
        first, second = [[self.decode(p.data) for p in each] for each in received]
        self.assertEqual(first, second)
        for who in (0, 1):
            self.assertEqual([number for by, number in first if by == who], list(range(500)))
        self.assertEqual([p.offset for p in received[0]], list(range(1, 1001)))

    async def test_reads_history(self):
        channel = unique("chat:")
        for number in range(1, 6):
            await api("publish", channel=channel, data=number)
        client, _ = await self.connected()
        subscription, _, _ = await self.subscribed(client, channel)

        async def ask(**options):
            return [self.decode(p.data) for p in (await subscription.history(**options)).publications]

        top = await subscription.history(limit=0)
        self.assertEqual((top.offset, top.publications), (5, []))
        since = StreamPosition(offset=3, epoch=top.epoch)
        self.assertEqual(await ask(limit=2), [1, 2])
        self.assertEqual(await ask(limit=-1), [1, 2, 3, 4, 5])
        self.assertEqual(await ask(limit=2, reverse=True), [5, 4])
        self.assertEqual(await ask(limit=10, since=since), [4, 5])
        self.assertEqual(await ask(limit=10, since=since, reverse=True), [2, 1])
        await self.assert_error(112, ask(limit=1, since=StreamPosition(offset=3, epoch="other")))
        await self.assert_error(108, client.history(unique("plain:")))

    async def test_knows_who_is_present_joins_and_leaves(self):
        channel = unique("chat:")
        ada, _ = await self.connected(token=token("ada"))
        subscription, events, _ = await self.subscribed(ada, channel)
        self.assertEqual((await events.next("join")).info.user, "ada")
        bobs = [(await self.connected(token=token("bob")))[0] for _ in range(2)]
        for bob in bobs:
            await self.subscribed(bob, channel)
            self.assertEqual((await events.next("join")).info.user, "bob")
        stats = await subscription.presence_stats()
        self.assertEqual((stats.num_clients, stats.num_users), (3, 2))
        users = [info.user for info in (await subscription.presence()).clients.values()]
        self.assertEqual(sorted(users), ["ada", "bob", "bob"])
        await bobs[0].disconnect()
        self.assertEqual((await events.next("leave")).info.user, "bob")
        await self.assert_error(108, ada.presence(unique("plain:")))

    async def test_private_channel_needs_a_token(self):
        client, _ = await self.connected()
        events, channel = Events(), unique("$secret:")
        refused = client.new_subscription(channel, events=events)
        await refused.subscribe()
        self.assertEqual((await events.next("unsubscribed")).code, 103)
        client.remove_subscription(refused)
        _, events, _ = await self.subscribed(client, channel, token=token("ada", channel=channel))
        await api("publish", channel=channel, data=1)
        self.assertEqual(await self.data(events, 1), [1])

    async def test_token_of_another_channel_ends_the_connection(self):
        client, events = await self.connected()
        subscription = client.new_subscription(unique("$secret:"), token=token("ada", channel="$secret:y"))
        await subscription.subscribe()
        self.assertEqual((await events.next("disconnected")).code, 3500)

    async def test_subscription_tokens_are_asked_for_and_refreshed(self):
        channel, asked = unique("$secret:"), []

        async def get_token(_):
            asked.append(1)
            seconds = {1: -10, 2: 2}.get(len(asked), 600)
            return token("ada", channel=channel, exp=in_seconds(seconds))

        client, _ = await self.connected()
        _, events, _ = await self.subscribed(client, channel, get_token=get_token)
        self.assertEqual(len(asked), 2, "the first had expired")
        while events.happened("subscribing"):
            await events.next("subscribing")
        await until(lambda: len(asked) >= 3)
        await api("publish", channel=channel, data="still here")
        self.assertEqual(await self.data(events, 1), ["still here"])
        self.assertFalse(events.happened("subscribing"))

    async def test_follows_the_channels_of_its_token(self):
        channel, user = unique("chat:"), unique("user-")
        _, events = await self.connected(token=token(user, channels=[channel]))
        await events.next("connecting")
        while (await events.next("subscribed")).channel != channel:
            pass
        await api("publish", channel=channel, data=1)
        self.assertEqual(await self.data(events, 1), [1])
        await api("disconnect", user=user, disconnect={"code": 4001, "reason": "again"})
        await events.next("connecting")
        await api("publish", channel=channel, data=2)
        self.assertEqual(await self.data(events, 1), [2])

    async def test_is_subscribed_and_unsubscribed_by_the_api(self):
        channel, user = unique("chat:"), unique("user-")
        _, events = await self.connected(token=token(user))
        await api("subscribe", user=user, channel=channel)
        while (await events.next("subscribed")).channel != channel:
            pass
        await api("publish", channel=channel, data=1)
        self.assertEqual(await self.data(events, 1), [1])
        await api("unsubscribe", user=user, channel=channel)
        self.assertEqual((await events.next("unsubscribed")).channel, channel)

    async def test_loses_its_subscription_to_the_api(self):
        channel, user = unique("chat:"), unique("user-")
        client, _ = await self.connected(token=token(user))
        _, events, _ = await self.subscribed(client, channel)
        await api("unsubscribe", user=user, channel=channel)
        gone = await events.next("unsubscribed")
        self.assertEqual((gone.code, gone.reason), (2000, "server unsubscribe"))

    async def test_is_whole_after_many_times_unsubscribed_and_subscribed(self):
        channel = unique("chat:")
        client, _ = await self.connected()
        subscription, events, _ = await self.subscribed(client, channel)
        for _ in range(50):
            await subscription.unsubscribe()
            await subscription.subscribe()
            await events.next("subscribed")
        for number in (1, 2):
            await api("publish", channel=channel, data=number)
        self.assertEqual(await self.data(events, 2), [1, 2])
        self.assertEqual((await subscription.presence_stats()).num_clients, 1)

    async def test_has_room_for_so_many_channels(self):
        # The personal channel that every user of these settings has counts too.
        client, _ = await self.connected(token=token(""))
        prefix = unique("anonymous:")
        events = []
        for number in range(300):
            events.append(Events())
            subscription = client.new_subscription(f"{prefix}-{number}", events=events[-1])
            await subscription.subscribe()

        async def outcome(each):
            came = asyncio.create_task(each.next("subscribed"))
            went = asyncio.create_task(each.next("unsubscribed"))
            done, pending = await asyncio.wait({came, went}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            if came in done:
                came.result()
                return "subscribed"
            return went.result().code

        outcomes = await asyncio.gather(*map(outcome, events))
        self.assertEqual(outcomes.count("subscribed"), CHANNEL_LIMIT)
        self.assertEqual(outcomes.count(106), 300 - CHANNEL_LIMIT)
