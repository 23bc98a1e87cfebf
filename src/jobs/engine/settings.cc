#include "jobs/engine/settings.h"

#include <string_view>

#include "config/section.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kDurabilities[] = {"durable", "relaxed", "memory"};

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
    {"rescue_after",
     config::Of<&JobsSettings::rescue_after>,
     {.doc = "A worker whose connections are closed, and which has sent no heartbeat for so long, gives its "
             "jobs back.",
      .min = 1000,
      .max = 24 * config::kHour,
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

Durability DurabilityOf(std::string_view name) {
  if (name == "relaxed") return Durability::kRelaxed;
  return name == "memory" ? Durability::kMemory : Durability::kDurable;
}

}  // namespace

EngineOptions OptionsOf(const JobsSettings& settings) {
  EngineOptions options;
  for (const auto& [name, queue] : settings.queues) {
    options.queues[name] = {.durability = DurabilityOf(queue.durability), .depth_max = queue.depth_max};
  }
  options.other_queues.depth_max = settings.depth_max;
  options.queues_max = settings.queues_max;
  options.workers_max = settings.workers_max;
  options.rescue_after = settings.rescue_after;
  options.dead_for = settings.dead_for;
  options.results_for = settings.results_for;
  return options;
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
