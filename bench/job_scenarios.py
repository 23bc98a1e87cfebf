"""What the job benchmark asks its servers; bench/jobs/README.md says what each scenario is."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    does: str                 # what the clients do
    options: tuple            # (name, value)
    jobs: int = 0             # 0: of rate and seconds
    quick_jobs: int = 0
    figure: str = "jobs_per_s"

    def options_for(self, quick, scale):
        options = dict(self.options)
        if self.jobs:
            jobs = int((self.quick_jobs if quick else self.jobs) * scale)
            options["jobs"] = max(1000, jobs - jobs % 1000)
        elif quick:
            options["seconds"] = 2
        return options


SCENARIOS = (
    Scenario("push_1", "Push, one by one", "push", (("width", 1),), 10_000, 2_000),
    Scenario("push_64", "Push, 64 in flight", "push", (("width", 64),), 100_000, 10_000),
    Scenario("bulk", "Push, a thousand at a time", "bulk", (), 300_000, 50_000),
    Scenario("work_1", "Push, fetch and acknowledge: one worker", "work", (("width", 16), ("workers", 1)), 10_000, 2_000),
    Scenario("work_10", "Push, fetch and acknowledge: 10 workers", "work", (("width", 32), ("workers", 10)), 40_000, 5_000),
    Scenario("work_100", "Push, fetch and acknowledge: 100 workers", "work", (("width", 64), ("workers", 100)), 80_000, 10_000),
    Scenario("latency", "From push to start, at 1,000 a second", "latency",
             (("rate", 1000), ("seconds", 5), ("workers", 10), ("width", 64)), figure="p50_ms"),
    Scenario("drain", "A backlog until it is gone: 10 workers", "drain", (("workers", 10),), 200_000, 20_000),
    Scenario("burst", "10,000 jobs for one instant: how late they start", "burst",
             (("workers", 100), ("width", 64), ("ahead_s", 6)), 10_000, 2_000, figure="p99_ms"),
    Scenario("backlog", "A backlog of a million: memory of the servers", "backlog", (), 1_000_000, 100_000,
             figure="bytes_per_job"),
)
