#include "cli/jobs/jobs_flow.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct PageOptions {
  ApiOptions api;
  std::string cursor;
};

struct NameOptions {
  ApiOptions api;
  std::string name;
  std::string json;  // JSON; "": none
  bool reset = false;
};

struct BatchRow {
  std::string bid;
  std::string description;
  std::string created_at;
  std::uint64_t total = 0;
  std::uint64_t pending = 0;
  std::uint64_t failed = 0;
  bool committed = false;
};

BatchRow ReadBatchRow(JsonReader& json) {
  BatchRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "bid") row.bid = json.ReadString();
    if (*key == "description") row.description = json.ReadString();
    if (*key == "created_at") row.created_at = json.ReadString();
    if (*key == "total") row.total = json.ReadInteger<std::uint64_t>();
    if (*key == "pending") row.pending = json.ReadInteger<std::uint64_t>();
    if (*key == "failed") row.failed = json.ReadInteger<std::uint64_t>();
    if (*key == "committed") row.committed = json.ReadBool();
  }
  return row;
}

Result<std::string> BatchesToText(std::string_view result) {
  Table table({{"BATCH"},
               {.head = "JOBS", .is_number = true},
               {.head = "PENDING", .is_number = true},
               {.head = "FAILED", .is_number = true},
               {"STATE"},
               {"MADE"},
               {"DESCRIPTION"}});
  std::string next;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "next") next = json.ReadString();
    if (*key != "batches") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const BatchRow row = ReadBatchRow(json);
      table.Add({row.bid, fmt::to_string(row.total), fmt::to_string(row.pending), fmt::to_string(row.failed),
                 row.committed ? "committed" : "open", Since(row.created_at), row.description});
    }
  }
  TM_TRY(json.Finish());
  return WithMore(table, "no batches\n", next);
}

Result<std::string> SequencesToText(std::string_view result) {
  Table table({{.head = "JOBS", .is_number = true}, {"STATE"}, {"HEAD"}, {"KEY"}});
  std::string next;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "next") next = json.ReadString();
    if (*key != "sequences") continue;
    json.EnterArray();
    while (json.NextElement()) {
      std::uint64_t length = 0;
      bool halted = false;
      std::string head;
      std::string name;
      json.EnterObject();
      while (const auto member = json.NextKey()) {
        if (*member == "key") name = json.ReadString();
        if (*member == "head") head = json.ReadString();
        if (*member == "length") length = json.ReadInteger<std::uint64_t>();
        if (*member == "halted") halted = json.ReadBool();
      }
      table.Add({fmt::to_string(length), halted ? "halted" : "runs", head, name});
    }
  }
  TM_TRY(json.Finish());
  return WithMore(table, "no sequences\n", next);
}

int ListPage(const PageOptions& options, std::string_view method, const ResultToText& to_text, Io io) {
  const std::string params = JobParams([&](JsonWriter& json) {
    if (!options.cursor.empty()) json.Member("cursor", options.cursor);
  });
  return CallJobs(options.api, method, params, to_text, io);
}

int Signal(const NameOptions& options, Io io) {
  if (!options.json.empty() && !IsJson(options.json)) {
    return Misused(io, "PAYLOAD is not JSON; write an object as '{\"n\":1}' and a text as '\"paid\"'");
  }
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("name", options.name);
    if (!options.json.empty()) json.RawMember("payload", options.json);
  });
  const auto done = [](std::string_view) -> Result<std::string> { return "signalled\n"; };
  return CallJobs(options.api, "jobs_signal", params, done, io);
}

int Limits(const NameOptions& options, Io io) {
  if (options.reset && !options.json.empty()) return Misused(io, "LIMITS or --reset, not both");
  if (!options.json.empty() && !IsJsonObject(options.json)) {
    return Misused(io, "LIMITS is not a JSON object; write '{\"concurrency\":4}'");
  }
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("queue", options.name);
    if (!options.json.empty()) json.RawMember("limits", options.json);
  });
  const auto done = [](std::string_view) -> Result<std::string> { return "limited\n"; };
  if (options.reset) return CallJobs(options.api, "jobs_limits_reset", params, done, io);
  if (!options.json.empty()) return CallJobs(options.api, "jobs_limits_set", params, done, io);
  return CallJobs(options.api, "jobs_limits", params, MembersToText, io);
}

CommandSpec MakePage(std::string_view name, std::string_view help, std::string_view examples,
                     std::string_view method, Result<std::string> (*to_text)(std::string_view)) {
  const auto options = std::make_shared<PageOptions>();
  return {
      .name = name,
      .help = help,
      .examples = examples,
      .parameters = WithApiParameters(
          {{"--cursor", &options->cursor, "Where the page before said that there are more"}}, options->api),
      .settings = &options->api.settings,
      .run = [options, method, to_text](Io io) { return ListPage(*options, method, to_text, io); }};
}

}  // namespace

CommandSpec JobsBatchesCommand() {
  return MakePage("batches", "Lists the batches", "  tidemill jobs batches\n", "jobs_batches", BatchesToText);
}

CommandSpec JobsBatchCommand() {
  const auto options = std::make_shared<NameOptions>();
  return {.name = "batch",
          .help = "Shows how far a batch is",
          .examples = "  tidemill jobs batch b-QcFLwPsYLWuCbrJHmAkTxzyv\n",
          .parameters = WithApiParameters({{"BATCH", &options->name, "The batch's id"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) {
            const auto params = JobParams([&](JsonWriter& json) { json.Member("bid", options->name); });
            return CallJobs(options->api, "jobs_batch", params, MembersToText, io);
          }};
}

CommandSpec JobsSignalCommand() {
  const auto options = std::make_shared<NameOptions>();
  return {
      .name = "signal",
      .help = "Lets jobs go on that wait for a name",
      .examples = "  tidemill jobs signal order-7-paid '{\"amount\":12}'\n",
      .parameters = WithApiParameters(
          {{"NAME", &options->name, "The name in their custom.signals"},
           {.name = "PAYLOAD", .value = &options->json, .help = "JSON for those who wait", .optional = true}},
          options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Signal(*options, io); }};
}

CommandSpec JobsLimitsCommand() {
  const auto options = std::make_shared<NameOptions>();
  return {.name = "limits",
          .help = "Shows or sets the limits of a queue",
          .examples =
              "  tidemill jobs limits mail\n"
              "  tidemill jobs limits mail '{\"concurrency\":4}'\n"
              "  tidemill jobs limits mail --reset\n",
          .parameters = WithApiParameters({{"QUEUE", &options->name, "The queue"},
                                           {.name = "LIMITS",
                                            .value = &options->json,
                                            .help = "A JSON object: concurrency, rate, key_concurrency …",
                                            .optional = true},
                                           {"--reset", &options->reset, "Limit it no more"}},
                                          options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Limits(*options, io); }};
}

CommandSpec JobsSequencesCommand() {
  return MakePage("sequences", "Lists jobs that run one at a time, by their keys",
                  "  tidemill jobs sequences\n", "jobs_sequences", SequencesToText);
}

CommandSpec JobsSkipCommand() {
  const auto options = std::make_shared<NameOptions>();
  return {.name = "skip",
          .help = "Passes over the dead job that halts a sequence",
          .examples = "  tidemill jobs skip account-7\n",
          .parameters = WithApiParameters({{"KEY", &options->name, "The sequence's key"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) {
            const auto params = JobParams([&](JsonWriter& json) { json.Member("key", options->name); });
            const auto done = [](std::string_view) -> Result<std::string> { return "skipped\n"; };
            return CallJobs(options->api, "jobs_sequence_skip", params, done, io);
          }};
}

}  // namespace tidemill::cli
