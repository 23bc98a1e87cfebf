"""What producers and subscribers saw, and whether the promises held.

A history is a list of events, in the order in which each actor saw them:

    Acknowledged(channel, id, epoch, offset)   a publish was answered with that position
    Subscribed(client, channel, epoch, offset, was_recovering, recovered)
    Received(client, channel, offset, id)      a publication, live or in the answer of a subscribe
    Lost(client, channel)                      the subscription or the connection ended
    Stored(channel, epoch, publications)       the history that a node gave at the end: (offset, id) of each

`check` gives the violations, as sentences. What it proves when there are none:
- there is one publication for each (channel, epoch, offset), whoever saw it;
- between two points at which a client was told of a loss, its publications are those that others saw there and
  those that the history has, all of them, once, in the order of their offsets: recovered=true is never a lie;
- at the end all nodes give the same history, and every subscriber is in its epoch;
- with `durable`: all that was acknowledged is in that history, and was delivered to whoever was subscribed at the
  end; nobody was told of a loss, because there was none.

A client may miss what a server lost with its tail and others saw, until it is told: only across a skip (SKIP).
"""
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Acknowledged:
    channel: str
    id: int
    epoch: str
    offset: int


@dataclass(frozen=True)
class Subscribed:
    client: str
    channel: str
    epoch: str
    offset: int
    was_recovering: bool
    recovered: bool


@dataclass(frozen=True)
class Received:
    client: str
    channel: str
    offset: int
    id: int


@dataclass(frozen=True)
class Lost:
    client: str
    channel: str


@dataclass(frozen=True)
class Stored:
    channel: str
    epoch: str
    publications: tuple

    @cached_property
    def index(self):
        return frozenset(self.publications)


# After a restart or a failover of Redis offsets go on at the next multiple of this, plus 1
# (docs/decisions/0006-offsets-skip-what-redis-may-have-lost.md).
SKIP = 1 << 24


class Segment:
    """What one client got of one channel without being told of a loss."""

    def __init__(self, client, channel, epoch, begin):
        self.client, self.channel, self.epoch, self.begin = client, channel, epoch, begin
        self.got = []  # (offset, id)
        self.told = False  # of a loss, at its end
        self.last = True  # it lasted to the end of the history

    def __str__(self):
        return f"{self.client} in {self.channel}, epoch {self.epoch} after {self.begin}"


def segments_of(events):
    """The segments, oldest first; with them the violations that show while they are cut."""
    open_segments, segments, wrong = {}, [], []
    for event in events:
        if isinstance(event, Subscribed):
            key = event.client, event.channel
            before = open_segments.get(key)
            if before and event.was_recovering and event.recovered:
                if event.epoch != before.epoch:
                    wrong.append(f"{before}: recovered into epoch {event.epoch}")
                continue
            if before:
                before.told = True
                before.last = False
            open_segments[key] = Segment(event.client, event.channel, event.epoch, event.offset)
            segments.append(open_segments[key])
        elif isinstance(event, Received):
            open_segments[event.client, event.channel].got.append((event.offset, event.id))
    return segments, wrong


def check(events, durable):
    segments, wrong = segments_of(events)
    wrong += check_identity(events, segments)
    seen = defaultdict(set)
    for segment in segments:
        seen[segment.channel, segment.epoch].update(offset for offset, _ in segment.got)
    for stored in stored_of(events):
        seen[stored.channel, stored.epoch].update(offset for offset, _ in stored.publications)
    for segment in segments:
        wrong += check_segment(segment, seen[segment.channel, segment.epoch])
    wrong += check_acknowledged(events, segments) if durable else []
    return wrong + check_stored(events, segments, durable)


def losses_told(events):
    return sum(segment.told for segment in segments_of(events)[0])


def stored_of(events):
    return [event for event in events if isinstance(event, Stored)]


def check_identity(events, segments):
    ids, wrong = {}, []
    def note(channel, epoch, offset, identity, who):
        first = ids.setdefault((channel, epoch, offset), identity)
        if first != identity:
            wrong.append(f"{channel} {epoch}:{offset} is {first}, and {identity} to {who}")
    for event in events:
        if isinstance(event, Acknowledged):
            note(event.channel, event.epoch, event.offset, event.id, "its producer")
    for segment in segments:
        for offset, identity in segment.got:
            note(segment.channel, segment.epoch, offset, identity, segment.client)
    for stored in stored_of(events):
        for offset, identity in stored.publications:
            note(stored.channel, stored.epoch, offset, identity, "the history")
    return wrong


def check_segment(segment, seen):
    offsets = [offset for offset, _ in segment.got]
    if any(later <= earlier for earlier, later in zip([segment.begin, *offsets], offsets)):
        return [f"{segment}: out of order or twice: {offsets[:50]}"]
    got, end = set(offsets), max(seen, default=0)
    if segment.told or not segment.last:
        end = max(offsets, default=0)
    missing = sorted(offset for offset in seen if segment.begin < offset <= end and offset not in got)
    if segment.told:
        missing = [offset for offset in missing if next(o for o in offsets if o > offset) % SKIP != 1]
    return [f"{segment}: silently missing {missing[:20]}"] if missing else []


def check_stored(events, segments, durable):
    wrong, histories = [], {}
    for stored in stored_of(events):
        if histories.setdefault(stored.channel, stored) != stored:
            wrong.append(f"{stored.channel}: the nodes' histories differ")
    wrong += [f"{segment}: not told that epoch {histories[segment.channel].epoch} has begun" for segment in segments
              if segment.last and segment.channel in histories and histories[segment.channel].epoch != segment.epoch]
    if not durable or not histories:
        return wrong
    for event in events:
        if isinstance(event, Acknowledged):
            stored = histories[event.channel]
            if event.epoch != stored.epoch or (event.offset, event.id) not in stored.index:
                wrong.append(f"{event.channel}: {event.id} at {event.epoch}:{event.offset} was acknowledged, "
                             f"and is not in the history of epoch {stored.epoch}")
    return wrong + [f"{segment}: told of a loss, and nothing was lost" for segment in segments if segment.told]


def check_acknowledged(events, segments):
    acknowledged = defaultdict(dict)
    for event in events:
        if isinstance(event, Acknowledged):
            acknowledged[event.channel, event.epoch][event.offset] = event.id
    wrong = []
    last = {(segment.client, segment.channel): segment for segment in segments}
    for segment in last.values():
        got = {offset for offset, _ in segment.got}
        expected = acknowledged[segment.channel, segment.epoch]
        missing = sorted(offset for offset in expected if offset > segment.begin and offset not in got)
        if missing:
            wrong.append(f"{segment}: acknowledged and never delivered: {missing[:20]}")
    live = {(segment.channel, segment.epoch) for segment in last.values()}
    for (channel, epoch), offsets in acknowledged.items():
        told = any(s.told for s in segments if (s.channel, s.epoch) == (channel, epoch))
        if (channel, epoch) not in live and not told:
            wrong.append(f"{channel}: {len(offsets)} acknowledged in epoch {epoch}, which nobody was told had ended")
    return wrong
