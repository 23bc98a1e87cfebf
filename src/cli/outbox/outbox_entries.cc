#include "cli/outbox/outbox_entries.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/api_client.h"
#include "cli/jobs/jobs_call.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kDataShownBytesMax = 60;

struct PlainOptions {
  ApiOptions api;
};

struct ParkedOptions {
  ApiOptions api;
  std::string after = "0";
  std::string count = "100";
};

struct IdsOptions {
  ApiOptions api;
  std::vector<std::string> ids;
  bool all = false;
};

struct HeldRow {
  std::string lane;
  std::int64_t entry = 0;
  std::int64_t attempts = 0;
  std::int64_t retry_in_ms = 0;
  std::string why;
};

struct StatusView {
  std::string relayed_by;
  bool relayed_here = false;
  std::uint64_t waiting = 0;
  std::uint64_t parked = 0;
  std::int64_t lag_ms = 0;
  std::vector<HeldRow> held;
};

HeldRow ReadHeld(JsonReader& json) {
  HeldRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "lane") row.lane = json.ReadString();
    if (*key == "entry") row.entry = json.ReadInteger<std::int64_t>();
    if (*key == "attempts") row.attempts = json.ReadInteger<std::int64_t>();
    if (*key == "retry_in_ms") row.retry_in_ms = json.ReadInteger<std::int64_t>();
    if (*key == "why") row.why = json.ReadString();
  }
  return row;
}

Result<StatusView> ReadStatus(std::string_view result) {
  StatusView view;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "relayed_by") view.relayed_by = json.ReadString();
    if (*key == "relayed_here") view.relayed_here = json.ReadBool();
    if (*key == "waiting") view.waiting = json.ReadInteger<std::uint64_t>();
    if (*key == "parked") view.parked = json.ReadInteger<std::uint64_t>();
    if (*key == "lag_ms") view.lag_ms = json.ReadInteger<std::int64_t>();
    if (*key != "held") continue;
    json.EnterArray();
    while (json.NextElement()) view.held.push_back(ReadHeld(json));
  }
  TM_TRY(json.Finish());
  return view;
}

Result<std::string> StatusToText(std::string_view result) {
  TM_TRY_ASSIGN(const StatusView view, ReadStatus(result));
  std::string text;
  if (view.relayed_by.empty()) {
    text += "no node sends\n";
  } else {
    text +=
        fmt::format("sent by node {}{}\n", Printable(view.relayed_by), view.relayed_here ? ", this one" : "");
  }
  text += fmt::format("{} waiting, the oldest for {}\n", view.waiting, Ago(view.lag_ms));
  text += fmt::format("{} parked{}\n", view.parked, view.parked > 0 ? ": tidemill outbox parked" : "");
  if (view.held.empty()) return text;
  Table table({{"HELD BACK"},
               {.head = "ENTRY", .is_number = true},
               {.head = "ATTEMPTS", .is_number = true},
               {"AGAIN"},
               {"WHY"}});
  for (const HeldRow& row : view.held) {
    table.Add({row.lane, fmt::to_string(row.entry), fmt::to_string(row.attempts),
               "in " + Ago(row.retry_in_ms), row.why});
  }
  return text + "\n" + table.ToText();
}

struct ParkedRow {
  std::int64_t id = 0;
  std::string target;
  std::string key;
  std::string data;
  std::string reason;
};

ParkedRow ReadParked(JsonReader& json) {
  ParkedRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "id") row.id = json.ReadInteger<std::int64_t>();
    if (*key == "target") row.target = json.ReadString();
    if (*key == "key") row.key = json.ReadString();
    if (*key == "data") row.data = json.ReadString();
    if (*key == "reason") row.reason = json.ReadString();
  }
  return row;
}

Result<std::string> ParkedToText(std::string_view result) {
  Table table({{.head = "ID", .is_number = true}, {"CHANNEL"}, {"KEY"}, {"DATA"}, {"REASON"}});
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "entries") continue;
    json.EnterArray();
    while (json.NextElement()) {
      ParkedRow row = ReadParked(json);
      if (row.data.size() > kDataShownBytesMax) {
        row.data = std::string(CutUtf8(row.data, kDataShownBytesMax)) + "…";
      }
      table.Add({fmt::to_string(row.id), row.target, row.key, row.data, row.reason});
    }
  }
  TM_TRY(json.Finish());
  return table.empty() ? "nothing is parked\n" : table.ToText();
}

int ListParked(const ParkedOptions& options, Io io) {
  const auto after = ToWhole(options.after, 0);
  if (!after) return Misused(io, "--after: not the id of an entry");
  const auto count = ToWhole(options.count, 1);
  if (!count || *count > 1000) return Misused(io, "--count: a number from 1 to 1000");
  const auto params = JobParams([&](JsonWriter& json) {
    json.Member("after", *after);
    json.Member("count", *count);
  });
  return CallApi(options.api, "outbox_parked", params, ParkedToText, io);
}

int ActOn(const IdsOptions& options, std::string_view method, std::string_view done, Io io) {
  if (options.ids.empty() != options.all) return Misused(io, "either ids or --all");
  std::vector<std::int64_t> ids;
  for (const std::string& text : options.ids) {
    const auto id = ToWhole(text, 0);
    if (!id) return Misused(io, fmt::format("not the id of an entry: {}", Printable(text)));
    ids.push_back(*id);
  }
  const auto params = JobParams([&](JsonWriter& json) {
    if (options.all) return json.Member("all", true);
    json.Key("ids");
    json.BeginArray();
    for (const std::int64_t id : ids) json.Integer(id);
    json.EndArray();
  });
  const auto to_text = [done](std::string_view result) -> Result<std::string> {
    std::uint64_t entries = 0;
    JsonReader json(result);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "entries") entries = json.ReadInteger<std::uint64_t>();
    }
    TM_TRY(json.Finish());
    return fmt::format("{} {} entr{}\n", done, entries, entries == 1 ? "y" : "ies");
  };
  return CallApi(options.api, method, params, to_text, io);
}

std::vector<Parameter> IdsParameters(IdsOptions& options) {
  return WithApiParameters(
      {{.name = "ID", .value = &options.ids, .help = "Of a parked entry", .optional = true},
       {.name = "--all", .value = &options.all, .help = "All that are parked"}},
      options.api);
}

}  // namespace

CommandSpec OutboxStatusCommand() {
  const auto options = std::make_shared<PlainOptions>();
  return {.name = "status",
          .help = "Says which node sends, what waits, and what holds it back",
          .examples = "  tidemill outbox status\n",
          .parameters = WithApiParameters({}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return CallApi(options->api, "outbox_status", "{}", StatusToText, io); }};
}

CommandSpec OutboxParkedCommand() {
  const auto options = std::make_shared<ParkedOptions>();
  return {.name = "parked",
          .help = "Lists the entries that could not leave, and why",
          .examples = "  tidemill outbox parked\n",
          .parameters = WithApiParameters(
              {{.name = "--after", .value = &options->after, .help = "Only entries behind this id"},
               {.name = "--count", .value = &options->count, .help = "At most so many; 100 unless given"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ListParked(*options, io); }};
}

CommandSpec OutboxRetryCommand() {
  const auto options = std::make_shared<IdsOptions>();
  return {.name = "retry",
          .help = "Puts parked entries back, to be sent",
          .examples = "  tidemill outbox retry 17 18\n  tidemill outbox retry --all\n",
          .parameters = IdsParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOn(*options, "outbox_retry", "put back", io); }};
}

CommandSpec OutboxDropCommand() {
  const auto options = std::make_shared<IdsOptions>();
  return {.name = "drop",
          .help = "Drops parked entries for good",
          .examples = "  tidemill outbox drop 17\n",
          .parameters = IdsParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOn(*options, "outbox_drop", "dropped", io); }};
}

}  // namespace tidemill::cli
