#include "jobs/engine/settings.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "config/section.h"
#include "config/value.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kDurabilities[] = {"durable", "relaxed", "memory"};

constexpr std::string_view kAcks[] = {"flushed", "received"};

constexpr config::Row<JobsSettings> kJobs[] = {
    {"enabled",
     config::Of<&JobsSettings::enabled>,
     {.doc = "Serves background jobs, kept in storage.postgres.url or else in storage.sqlite.path. "
             "`serve --dev` does.",
      .reload = config::Reload::kNo}},
    {"depth_max",
     config::Of<&JobsSettings::depth_max>,
     {.doc = "Jobs that may wait in a queue that has no table of its own; a push beyond it is refused.",
      .min = 1,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
    {"queues_max",
     config::Of<&JobsSettings::queues_max>,
     {.doc = "Queues that there may be, with jobs or a state; a push that needs one more is refused.",
      .min = 1,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
    {"workers_max",
     config::Of<&JobsSettings::workers_max>,
     {.doc = "Workers that may be known at once.",
      .min = 1,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
    {"fetches_max",
     config::Of<&JobsSettings::fetches_max>,
     {.doc = "Workers that may wait for a job over the HTTP API at once.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"requests_max",
     config::Of<&JobsSettings::requests_max>,
     {.doc = "Requests about jobs that may be under way at once; those that wait for a job do not count.",
      .min = 1,
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"unique_max",
     config::Of<&JobsSettings::unique_max>,
     {.doc = "Unique jobs that there may be at once.",
      .min = 1,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"schedules_max",
     config::Of<&JobsSettings::schedules_max>,
     {.doc = "Schedules that there may be, those of the configuration included.",
      .min = 1,
      .max = 100'000,
      .reload = config::Reload::kNo}},
    {"batches_max",
     config::Of<&JobsSettings::batches_max>,
     {.doc = "Batches that there may be at once.",
      .min = 1,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
    {"workflow_jobs_max",
     config::Of<&JobsSettings::workflow_jobs_max>,
     {.doc = "Jobs that may wait for others or for signals, or belong to a workflow.",
      .min = 1,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"signals_max",
     config::Of<&JobsSettings::signals_max>,
     {.doc = "Signals that may be kept for jobs that are still to come.",
      .min = 1,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
    {"unflushed_rows_max",
     config::Of<&JobsSettings::unflushed_rows_max>,
     {.doc = "Changes that may wait for a commit; a push beyond it is refused.",
      .min = 1000,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"unflushed_bytes_max",
     config::Of<&JobsSettings::unflushed_bytes_max>,
     {.doc = "Bytes of changes that may wait for a commit; a push beyond it is refused.",
      .min = 1 << 20,
      .max = 64 * config::kGiB,
      .reload = config::Reload::kNo}},
    {"rescue_after",
     config::Of<&JobsSettings::rescue_after>,
     {.doc = "A worker whose connections are closed, and which has sent no heartbeat for so long, gives its "
             "jobs back.",
      .min = 1000,
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
    {"ack",
     config::Of<&JobsSettings::ack>,
     {.doc = "When a worker's ACK is answered. \"flushed\": once it is on disk; the job never runs again. "
             "\"received\": at once, and written behind, so that a worker goes on without waiting for the "
             "disk; after a crash of the server, a takeover by another node, or a stop whose store is "
             "away, the last acknowledged jobs may run again. While the store fails or is far behind, "
             "ACKs are answered as with \"flushed\".",
      .choices = kAcks,
      .reload = config::Reload::kNo}},
    {"dead_for",
     config::Of<&JobsSettings::dead_for>,
     {.doc = "How long jobs that failed for good are kept.",
      .min = 60'000,
      .max = 10 * config::kYear,
      .reload = config::Reload::kNo}},
    {"results_for",
     config::Of<&JobsSettings::results_for>,
     {.doc = "How long results, progress and the state of a tracked job are kept after its end.",
      .min = 1000,
      .max = config::kYear,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<JobQueueSettings> kQueue[] = {
    {"durability",
     config::Of<&JobQueueSettings::durability>,
     {.doc = "\"durable\": what was answered is on disk. \"relaxed\": answered at once and written behind; a "
             "crash loses the last moments. \"memory\": never written; a stop loses the queue.",
      .choices = kDurabilities,
      .reload = config::Reload::kNo}},
    {"depth_max",
     config::Of<&JobQueueSettings::depth_max>,
     {.doc = "Jobs that may wait in it.", .min = 1, .max = 1'000'000'000, .reload = config::Reload::kNo}},
    {"limits.concurrency",
     config::Of<&JobQueueSettings::limit_concurrency>,
     {.doc = "Jobs of it that run at once, on all workers; 0: no limit.", .max = kUnitsMax}},
    {"limits.worker_concurrency",
     config::Of<&JobQueueSettings::limit_worker_concurrency>,
     {.doc = "Jobs of it that each worker has at once; 0: no limit.", .max = kUnitsMax}},
    {"limits.rate.count",
     config::Of<&JobQueueSettings::limit_rate_count>,
     {.doc = "Jobs of it that begin within limits.rate.period; 0: no limit.", .max = kUnitsMax}},
    {"limits.rate.period",
     config::Of<&JobQueueSettings::limit_rate_period>,
     {.doc = "What limits.rate.count is counted over.", .min = 1, .max = kPeriodMax.ms}},
    {"limits.rate.burst",
     config::Of<&JobQueueSettings::limit_rate_burst>,
     {.doc = "Jobs that may begin at once after a pause; 0: as many as limits.rate.count.",
      .max = kUnitsMax}},
    {"limits.key",
     config::Of<&JobQueueSettings::limit_key>,
     {.doc = "What a job's key is: a JSON pointer into it, like \"/args/0\" or \"/custom/tenant\"; empty: "
             "custom.limit_key."}},
    {"limits.key_concurrency",
     config::Of<&JobQueueSettings::limit_key_concurrency>,
     {.doc = "Jobs with the same key that run at once; 0: no limit.", .max = kUnitsMax}},
    {"limits.key_rate.count",
     config::Of<&JobQueueSettings::limit_key_rate_count>,
     {.doc = "Jobs with the same key that begin within limits.key_rate.period; 0: no limit.",
      .max = kUnitsMax}},
    {"limits.key_rate.period",
     config::Of<&JobQueueSettings::limit_key_rate_period>,
     {.doc = "What limits.key_rate.count is counted over.", .min = 1, .max = kPeriodMax.ms}},
    {"limits.key_rate.burst",
     config::Of<&JobQueueSettings::limit_key_rate_burst>,
     {.doc = "Jobs with the same key that may begin at once after a pause; 0: as many as "
             "limits.key_rate.count.",
      .max = kUnitsMax}},
    {"limits.hold_for",
     config::Of<&JobQueueSettings::limit_hold_for>,
     {.doc = "A job that runs longer counts no more; 0: until it ends.", .max = kPeriodMax.ms}},
    {"push.url",
     config::Of<&JobQueueSettings::push_url>,
     {.doc = "Where each of its jobs is sent, in a POST whose answer says what becomes of it; empty: workers "
             "fetch them."}},
    {"push.secrets",
     config::Of<&JobQueueSettings::push_secrets>,
     {.doc =
          "\"whsec_\" and 24 to 64 bytes in base64 (Standard Webhooks). Requests are signed with each: the "
          "new one and the one before, while they change. None: they are not signed."}},
    {"push.timeout",
     config::Of<&JobQueueSettings::push_timeout>,
     {.doc = "How long the answer may take; then the job fails.", .min = 100, .max = config::kHour}},
    {"push.concurrency",
     config::Of<&JobQueueSettings::push_concurrency>,
     {.doc = "Jobs that the URL has at once.", .min = 1, .max = 1000}},
    {"push.allow_private",
     config::Of<&JobQueueSettings::push_allow_private>,
     {.doc = "The URL may lead to this machine, or into a private network."}},
};

QueueLimits LimitsOf(const JobQueueSettings& settings) {
  const auto rate = [](std::uint32_t count, Duration period, std::uint32_t burst) -> std::optional<Rate> {
    if (count == 0) return std::nullopt;
    return Rate{.count = static_cast<int>(count), .period = period, .burst = static_cast<int>(burst)};
  };
  return {.concurrency = static_cast<int>(settings.limit_concurrency),
          .worker_concurrency = static_cast<int>(settings.limit_worker_concurrency),
          .rate = rate(settings.limit_rate_count, settings.limit_rate_period, settings.limit_rate_burst),
          .key = settings.limit_key,
          .key_concurrency = static_cast<int>(settings.limit_key_concurrency),
          .key_rate = rate(settings.limit_key_rate_count, settings.limit_key_rate_period,
                           settings.limit_key_rate_burst),
          .hold_for = settings.limit_hold_for};
}

Durability DurabilityOf(std::string_view name) {
  if (name == "relaxed") return Durability::kRelaxed;
  return name == "memory" ? Durability::kMemory : Durability::kDurable;
}

}  // namespace

EngineOptions OptionsOf(const JobsSettings& settings) {
  EngineOptions options;
  options.other_queues.depth_max = settings.depth_max;
  for (const auto& [name, queue] : settings.queues) {
    options.queues[name] = {.durability = DurabilityOf(queue.durability), .depth_max = queue.depth_max};
  }
  for (auto& [name, limits] : LimitsOf(settings)) {
    options.queues.try_emplace(name, options.other_queues).first->second.limits = limits;
  }
  options.schedules = SchedulesOf(settings);
  options.queues_max = settings.queues_max;
  options.workers_max = settings.workers_max;
  options.unique_max = settings.unique_max;
  options.schedules_max = settings.schedules_max;
  options.batches.batches_max = settings.batches_max;
  options.workflows.nodes_max = settings.workflow_jobs_max;
  options.workflows.signals_max = settings.signals_max;
  options.unflushed_rows_max = settings.unflushed_rows_max;
  options.unflushed_bytes_max = settings.unflushed_bytes_max;
  options.rescue_after = settings.rescue_after;
  options.dead_for = settings.dead_for;
  options.results_for = settings.results_for;
  options.acks = settings.ack == "received" ? AckAnswer::kReceived : AckAnswer::kFlushed;
  return options;
}

std::vector<ScheduleSpec> SchedulesOf(const JobsSettings& settings) {
  std::vector<ScheduleSpec> specs;
  for (const auto& [name, schedule] : settings.schedules) specs.push_back(SpecOf(name, schedule));
  for (const auto& [name, schedule] : settings.faktory_cron) specs.push_back(SpecOf(name, schedule));
  return specs;
}

std::map<std::string, QueueLimits, std::less<>> LimitsOf(const JobsSettings& settings) {
  std::map<std::string, QueueLimits, std::less<>> all;
  for (const auto& [name, throttle] : settings.throttles) all[name] = LimitsOf(throttle);
  for (const auto& [name, queue] : settings.queues) {
    if (QueueLimits limits = LimitsOf(queue); limits.limits_anything()) all[name] = std::move(limits);
  }
  return all;
}

void Check(const JobsSettings& settings, config::Findings& findings) {
  for (const auto& [name, queue] : settings.queues) {
    if (const Result<> checked = Check(LimitsOf(queue)); !checked) {
      findings.push_back(
          {.key = "jobs.queues." + name + ".limits.key", .text = ": " + checked.error().detail});
    }
    if (settings.throttles.contains(name) && LimitsOf(queue).limits_anything()) {
      findings.push_back(
          {.key = "jobs.queues." + name,
           .text = fmt::format(": has limits, and so has throttles.{}; one of the two", name)});
    }
  }
  const auto check_name = [&](const std::string& table, const char* member, const std::string& name) {
    if (name.size() <= kScheduleNameBytesMax) return;
    findings.push_back({.key = table,
                        .text = fmt::format(": {} = {}: has more than {} bytes", member, config::Quote(name),
                                            kScheduleNameBytesMax)});
  };
  for (const auto& [name, schedule] : settings.schedules) check_name("jobs.cron", "name", name);
  for (const auto& [name, schedule] : settings.faktory_cron) check_name("cron", "job.type", name);
  for (const auto& [name, schedule] : settings.faktory_cron) {
    if (!settings.schedules.contains(name)) continue;
    findings.push_back(
        {.key = "jobs.cron." + name + ".schedule",
         .text =
             fmt::format(": a schedule of [[cron]] is called {} too; give one of them another name", name)});
  }
  if (const std::size_t count = settings.schedules.size() + settings.faktory_cron.size();
      count > settings.schedules_max) {
    findings.push_back(
        {.key = "jobs.schedules_max",
         .text = fmt::format(" = {}: the configuration has {}", settings.schedules_max, count)});
  }
}

config::Section<JobsSettings> JobsSection() { return {.rows = kJobs}; }

config::NamedTables<JobQueueSettings> JobQueueTables() {
  return {.key = "jobs.queues",
          .noun = "queue",
          .example_name = "mail",
          .section = {.rows = kQueue},
          .reload = config::Reload::kNo};
}

}  // namespace tidemill::jobs
