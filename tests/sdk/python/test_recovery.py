# Coming back: exactly what was missed, or the plain word that it is not to be had.
from harness import api, both_formats, unique, until

# Longer than the namespace "brief" remembers a stream that nobody asks for.
FORGOTTEN_SECONDS = 1.5


@both_formats
class Recovery:
    async def come_back(self, channel, before, missed, meanwhile=None):
        """Receives `before`, is away while `missed` is published; gives its events and how it subscribed again."""
        client, _ = await self.connected()
        _, events, first = await self.subscribed(client, channel)
        self.assertTrue(first.recoverable)
        for number in before:
            await api("publish", channel=channel, data=number)
        self.assertEqual(await self.data(events, len(before)), before)
        await client.disconnect()
        if meanwhile:
            await meanwhile()
        for number in missed:
            await api("publish", channel=channel, data=number)
        await client.connect()
        return events, first, await events.next("subscribed")

    async def assert_next(self, channel, events, expected):
        """Exactly these publications arrive, then one that is made now."""
        await api("publish", channel=channel, data="end")
        self.assertEqual(await self.data(events, len(expected) + 1), [*expected, "end"])

    async def test_gives_exactly_what_was_missed(self):
        channel, missed = unique("chat:"), list(range(3, 53))
        events, _, back = await self.come_back(channel, [1, 2], missed)
        self.assertEqual((back.was_recovering, back.recovered), (True, True))
        await self.assert_next(channel, events, missed)

    async def test_gives_nothing_when_nothing_was_missed(self):
        channel = unique("chat:")
        events, _, back = await self.come_back(channel, [1, 2], [])
        self.assertEqual((back.was_recovering, back.recovered), (True, True))
        await self.assert_next(channel, events, [])

    async def test_says_so_when_too_much_was_missed(self):
        channel = unique("small:")
        events, _, back = await self.come_back(channel, [1], [2, 3, 4, 5])
        self.assertEqual((back.was_recovering, back.recovered), (True, False))
        self.assertEqual(back.stream_position.offset, 5)
        await self.assert_next(channel, events, [])

    async def test_says_so_when_the_stream_is_another(self):
        channel = unique("brief:")

        async def forgotten():
            epoch = (await api("history", channel=channel))["epoch"]

            async def is_another():
                return (await api("history", channel=channel))["epoch"] != epoch

            await until(is_another, every=FORGOTTEN_SECONDS)

        events, first, back = await self.come_back(channel, [1], [2], forgotten)
        self.assertEqual((back.was_recovering, back.recovered), (True, False))
        self.assertNotEqual(back.stream_position.epoch, first.stream_position.epoch)
        await self.assert_next(channel, events, [])

    async def test_gives_the_latest_in_cache_mode(self):
        channel = unique("cache:")
        events, _, back = await self.come_back(channel, [1], [2, 3, 4])
        self.assertEqual((back.was_recovering, back.recovered), (True, True))
        await self.assert_next(channel, events, [4])

    async def test_is_positioned_without_recovery(self):
        channel = unique("positioned:")
        top = await api("publish", channel=channel, data=1)
        client, _ = await self.connected()
        _, events, context = await self.subscribed(client, channel)
        self.assertEqual((context.positioned, context.recoverable), (True, False))
        await self.assert_next(channel, events, [])
        self.assertEqual(top["offset"], 1)
