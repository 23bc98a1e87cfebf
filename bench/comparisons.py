"""What is compared, and what is wanted of it: the one table of `./dev bench compare`."""
import dataclasses

EVERYBODY = ("floor", "tidemill", "centrifugo", "centrifuge", "go", "node", "node_tuned", "socketio", "python")
SERVICES = tuple(name for name in EVERYBODY if name != "floor")
# With what each can be given to do better, or more.
ALL_FORMS = ("floor", "tidemill", "tidemill_history", "centrifugo", "centrifugo_history", "centrifugo_tuned",
             *EVERYBODY[3:])


@dataclasses.dataclass(frozen=True)
class Figure:
    key: str
    title: str
    unit: str


@dataclasses.dataclass(frozen=True)
class Goal:
    """We are better by at least this factor; than the floor: worse by no more than it (of what is more when it is better:
    as much as this share of it)."""
    contender: str
    factor: float
    ours: str = "tidemill"
    figure: str | None = None  # the comparison's first one


@dataclasses.dataclass(frozen=True)
class Comparison:
    name: str
    title: str
    scenario: str
    figures: tuple[Figure, ...]        # the first is the one that is drawn
    load: tuple[str, ...]
    contenders: tuple[str, ...] = EVERYBODY
    goals: tuple[Goal, ...] = ()
    floor: str = "each"
    seconds: float = 3
    quick_seconds: float = 2
    ping_seconds: int | None = None    # None: no ping is due
    processes: int = 1                 # 2: through Redis; published on the first, heard on the second
    share_of_maximum: float | None = None  # the rate is this share of what `maximum` found for the contender
    storm: bool = False                # the server is killed and started again
    note: str = ""


DELIVERY_CPU = Figure("cpu_us_per_delivery", "CPU per delivery", "us")
PER_CPU_SECOND = Figure("deliveries_per_cpu_second", "deliveries per CPU second", "")
WALL_RATE = Figure("deliveries_per_s", "deliveries", "/s")
LATENCY = (Figure("delivery_p50_us", "p50", "us"), Figure("delivery_p99_us", "p99", "us"),
           Figure("delivery_p999_us", "p99.9", "us"))
SHARE = Figure("server_cpu_share", "core used", "%")
SPARE = Figure("spare_cpu", "core left over", "%")
GENERATOR = Figure("generator_cpu_share", "generator's core used", "%")
REACHED = Figure("rate_reached", "of what was due, came in time", "%")


def rate(name, title, subscribers, per_second, *load, callers=4, **options):
    return Comparison(name, title, "rate", (DELIVERY_CPU, PER_CPU_SECOND, *LATENCY, SHARE),
                      ("--subscribers", str(subscribers), "--rate", str(per_second), "--callers", str(callers), "--may-drown",
                       *load),
                      floor="turn", **options)


def fanout(name, title, subscribers, window, **options):
    last = (Figure("last_p50_us", "service time until the last has it, p50", "us"),) if window == 1 else ()
    return Comparison(name, title, "fanout", (DELIVERY_CPU, PER_CPU_SECOND, WALL_RATE, *last, SHARE, GENERATOR),
                      ("--subscribers", str(subscribers), "--window", str(window), "--callers", str(window)), **options)


COMPARISONS = (
    fanout("one", "One room of 1,000, one message at a time", 1000, 1, contenders=ALL_FORMS,
           goals=(Goal("floor", 1.1), Goal("centrifugo", 1.7))),
    fanout("four", "One room of 1,000, four messages under way", 1000, 4,
           goals=(Goal("centrifugo", 3),),
           note="Four publishers, so that a server may send several messages to a subscriber with one write; "
                "the kernel floor does not, here."),
    fanout("one_10k", "One room of 10,000, one message at a time", 10_000, 1, contenders=ALL_FORMS,
           goals=(Goal("floor", 1.1), Goal("go", 2, "tidemill_history"), Goal("node", 2, "tidemill_history"))),
    fanout("maximum", "One room of 1,000, as much as it can", 1000, 64, contenders=ALL_FORMS, floor="turn",
           goals=(Goal("floor", 1.1), Goal("centrifugo", 10), Goal("go", 3, "tidemill_history"),
                  Goal("node", 3, "tidemill_history")),
           note="64 publishers, each publishing again when every subscriber has one more message. Where the generator's "
                "core is full, the rate is the generator's: the server could do more, and what a delivery costs is not "
                "known."),
    dataclasses.replace(
        rate("rate_3000", "One room of 1,000, 3,000 messages/s", 1000, 3000, callers=64, quick_seconds=2,
             contenders=("floor", "tidemill", "tidemill_history", "centrifugo", "centrifugo_history", "centrifugo_tuned",
                         "centrifuge", "go", "node", "node_tuned"),
             goals=(Goal("floor", 0.98), Goal("floor", 1.5, figure="delivery_p99_us"), Goal("centrifugo", 3)),
             note="Open loop. What a delivery costs says nothing where the core is full: it is one second divided by what "
                  "came. Tidemill and the floor use the whole core because they send as soon as they can: what is left "
                  "over goes into latency."),
        figures=(REACHED, WALL_RATE, *LATENCY, SPARE)),
    rate("room_1k", "One room of 1,000, 20 messages/s", 1000, 20, quick_seconds=3, contenders=ALL_FORMS,
         note="What history costs at the same rate, where no core is full."),
    rate("room_10k", "One room of 10,000, a message each second", 10_000, 1, seconds=6, quick_seconds=4,
         note="Most of the time to receive is the time to write to 10,000 sockets one after the other."),
    dataclasses.replace(
        rate("load_70", "One room of 1,000, each at 70 % of its own maximum", 1000, 1, callers=64, quick_seconds=3,
             contenders=SERVICES, share_of_maximum=0.7),
        figures=(Figure("delivery_p99_us", "p99", "us"), Figure("delivery_p50_us", "p50", "us"),
                 Figure("delivery_p999_us", "p99.9", "us"), Figure("deliveries_per_s", "deliveries", "/s"), SPARE),
        goals=tuple(Goal(name, 1) for name in SERVICES[1:]),
        note="The faster a server is, the more it carries here."),
    rate("rooms", "1,000 rooms of 10, 500 messages/s in all", 10_000, 500, "--rooms", "1000", callers=8),
    rate("small", "A room of 10, 1,000 small messages/s", 10, 1000, "--payload", "64", callers=8),
    rate("redis", "Through Redis: one room of 1,000, 20 messages/s, two processes", 1000, 20, processes=2,
         contenders=SERVICES,
         note="Published on one process, heard on the other. CPU is that of both processes and of Redis."),
    dataclasses.replace(
        rate("slow", "One of 1,000 does not read: 16 KiB messages, 20/s", 1000, 20, "--payload", "16384", "--slow", "1",
             seconds=15, quick_seconds=15, contenders=SERVICES),
        figures=(Figure("delivery_p99_us", "p99 of the others", "us"), Figure("delivery_p50_us", "p50", "us"),
                 Figure("slow_closed", "slow one closed", "count"), Figure("rss_growth_bytes", "memory grew by", "B"))),
    Comparison("storm", "The server restarts: 10,000 clients come back", "storm",
               (Figure("back_after_start_us", "all back after it listens again", "us"),
                Figure("cpu_us_per_back", "CPU per client that is back", "us"),
                Figure("started_us", "start until it listens", "us"),
                Figure("back_p50_us", "half back after the loss", "us"),
                Figure("refused", "attempts refused", "count")),
               ("--subscribers", "10000"), storm=True,
               note="It is killed, not asked to stop. Clients come back as the Centrifuge SDKs do: full jitter, 0.5 s doubled "
                    "with each attempt. How long a server takes to start decides how far that has doubled."),
    Comparison("connect", "10,000 connections, 256 at a time", "connect",
               (Figure("cpu_us_per_connect", "CPU per connection", "us"),
                Figure("connections_per_s", "connections", "/s"), Figure("cpu_us_per_close", "CPU per close", "us")),
               ("--subscribers", "10000"), goals=(Goal("centrifugo", 8),),
               note="An upgrade, and the connect command and its answer where the protocol has them: Tidemill's, "
                    "Centrifugo's and socket.io's do, that of the other programs does not."),
    Comparison("publish", "HTTP publish, nobody listening", "publish",
               (Figure("cpu_us_per_publish", "CPU per publish", "us"), Figure("publishes_per_s", "publications", "/s"),
                Figure("answer_p99_us", "service time, p99", "us")),
               ("--subscribers", "0", "--callers", "16"), goals=(Goal("centrifugo", 5),)),
    Comparison("publish_one", "HTTP publish, one subscriber per channel", "publish",
               (Figure("cpu_us_per_publish", "CPU per publish", "us"), Figure("publishes_per_s", "publications", "/s"),
                Figure("answer_p99_us", "service time, p99", "us")),
               ("--subscribers", "1000", "--callers", "16"), goals=(Goal("centrifugo", 5),)),
    Comparison("idle", "10,000 idle connections, a ping every 25 s", "idle",
               (Figure("rss_bytes_per_connection", "memory per connection", "B"),
                Figure("cpu_us_per_connection_second", "CPU per connection and second", "us"),
                Figure("anonymous_bytes_per_connection_at_end", "own memory at the end", "B")),
               ("--subscribers", "10000"), ping_seconds=25, seconds=25, quick_seconds=25,
               goals=(Goal("centrifugo", 30), Goal("centrifugo", 5, figure="cpu_us_per_connection_second"))),
)
