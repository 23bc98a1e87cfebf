"""What is measured, and what it should cost: the one table of the benchmarks."""
import dataclasses


GOALS_PROCESSOR = "Intel Xeon"  # on which the goals in microseconds were set


@dataclasses.dataclass(frozen=True)
class Goal:
    """A bound on one figure: of our own (`at_most`), or of ours divided by the floor's."""
    figure: str
    title: str
    unit: str
    at_most: float | None = None
    ratio_at_most: float | None = None
    ratio_at_least: float | None = None
    higher_is_better: bool = False


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    title: str
    scenario: str
    floor: str | None                 # mode of the kernel floor, None: nothing to compare with
    figures: tuple[Goal, ...]
    subscribers: int = 1000
    seconds: float = 5
    quick_seconds: float = 2
    transport: str = "websocket"      # or sse, http_stream: the floor's figure is WebSocket's all the same
    arguments: tuple[str, ...] = ()   # of the load generator
    settings: tuple[str, ...] = ()    # of the server
    asks_service: bool = False        # the connect proxy asks bench/proxy_service, which runs on the load's core


def fanout(subscribers, transport="websocket", ratio_at_most=1.1):
    over = "" if transport == "websocket" else f" over {transport}"
    return Measure(
        name=f"fanout_{subscribers // 1000}k" + over.replace(" over ", "_"),
        title=f"one message to {subscribers:,} subscribers{over}",
        scenario="fanout", floor="each", subscribers=subscribers, transport=transport, figures=(
            Goal("cpu_us_per_delivery", "CPU per delivered frame", "us", ratio_at_most=ratio_at_most),
            Goal("deliveries_per_s", "deliveries", "/s", higher_is_better=True),
            Goal("last_p50_us", "service time to the last subscriber, p50", "us"),
            Goal("delivery_p99_us", "service time, p99", "us")))


# What a delivery costs says nothing here: server and floor send as soon as they can, and use the whole core.
def rate(messages_per_s):
    return Measure(
        name=f"rate_{messages_per_s}", title=f"1,000 subscribers, {messages_per_s:,} messages/s",
        scenario="rate", floor="turn", arguments=("--rate", str(messages_per_s), "--may-drown"), figures=(
            Goal("rate_reached", "of the deliveries that were due, came in time", "%", ratio_at_least=0.98,
                 higher_is_better=True),
            Goal("delivery_p50_us", "due to receive, p50", "us", ratio_at_most=1.5),
            Goal("delivery_p99_us", "due to receive, p99", "us", ratio_at_most=1.5),
            Goal("spare_cpu", "core left over", "%", higher_is_better=True)))


def publish(title, subscribers, limit_us):
    return Measure(
        name=f"publish_{subscribers}", title=title, scenario="publish", floor="each", subscribers=subscribers,
        figures=(Goal("cpu_us_per_publish", "CPU per HTTP publish", "us", at_most=limit_us),
                 Goal("publishes_per_s", "publications", "/s", higher_is_better=True),
                 Goal("answer_p99_us", "service time, p99", "us")))


MEMORY = (Goal("anonymous_bytes_per_connection", "own memory (RssAnon) per connection", "B", at_most=1024),
          Goal("rss_bytes_per_connection", "resident memory per connection", "B"))
IDLE_CPU = ("cpu_us_per_connection_second", "CPU per connection and second", "us")

MEASURES = (
    fanout(1000), fanout(10_000), fanout(18_000),
    # 1.15 x what WebSocket may cost.
    *(fanout(subscribers, transport, 1.1 * 1.15)
      for transport in ("sse", "http_stream") for subscribers in (1000, 10_000)),
    rate(1000), rate(3000), rate(10_000),
    Measure(name="latency", title="100 subscribers, 100 messages/s", scenario="latency", floor="turn",
            subscribers=100, arguments=("--rate", "100"), seconds=10, quick_seconds=3, figures=(
                Goal("delivery_p50_us", "due to receive, p50", "us"),
                Goal("delivery_p99_us", "due to receive, p99", "us"),
                Goal("delivery_p999_us", "due to receive, p99.9", "us"))),
    Measure(name="connect", title="15,000 connections, 256 at a time", scenario="connect", floor="each",
            subscribers=15_000, figures=(
                Goal("cpu_us_per_connect", "CPU per connect", "us", at_most=12.5),
                Goal("connections_per_s", "connections", "/s", higher_is_better=True),
                Goal("cpu_us_per_close", "CPU per close", "us"))),
    Measure(name="connect_proxy", title="15,000 connections, 256 at a time, each asked about over HTTP",
            scenario="connect", floor=None, subscribers=15_000, asks_service=True, figures=(
                Goal("cpu_us_per_connect", "CPU per connect", "us", at_most=100),
                Goal("connections_per_s", "connections", "/s", higher_is_better=True))),
    publish("HTTP publish, nobody listening", 0, 4.5),
    publish("HTTP publish, one subscriber per channel", 1000, 7.8),
    # The default ping interval, watched for one whole interval.
    Measure(name="idle_shared", title="18,000 idle connections, one shared channel, a ping every 25 s",
            scenario="idle", floor="each", subscribers=18_000, seconds=25, quick_seconds=25,
            settings=("--client.ping_interval=25s",), figures=(*MEMORY, Goal(*IDLE_CPU, at_most=1.0))),
    Measure(name="idle_own", title="18,000 idle connections, a channel each, no ping due", scenario="idle",
            floor=None, subscribers=18_000, seconds=10, arguments=("--own-channel",),
            figures=(*MEMORY, Goal(*IDLE_CPU))),
    Measure(name="idle_sse", title="18,000 idle event streams, a channel each, no ping due", scenario="idle",
            floor=None, subscribers=18_000, seconds=10, arguments=("--own-channel",), transport="sse",
            figures=(Goal("anonymous_bytes_per_connection", "own memory (RssAnon) per stream", "B", at_most=1229),
                     Goal("rss_bytes_per_connection", "resident memory per stream", "B"), Goal(*IDLE_CPU))),
)
