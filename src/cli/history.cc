#include "cli/history.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string channel;
  std::string limit = "10";
  std::string since;  // an offset
  std::string epoch;
  bool forward = false;
};

std::optional<std::int64_t> ToNumber(std::string_view text, std::int64_t min) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < min) return std::nullopt;
  return number;
}

struct Publication {
  std::uint64_t offset = 0;
  std::string user;
  std::string data;  // JSON on one line; "base64 …" when it is not JSON
};

std::string ReadUser(JsonReader& json) {
  std::string user;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") user = json.ReadString();
  }
  return user;
}

Publication ReadPublication(JsonReader& json) {
  Publication publication;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") publication.offset = json.ReadInteger<std::uint64_t>();
    if (*key == "info") publication.user = ReadUser(json);
    if (*key == "data") JsonWriter(publication.data).RawOnOneLine(json.ReadRaw());
    if (*key == "b64data") publication.data = "base64 " + json.ReadString();
  }
  return publication;
}

Result<std::string> ToText(std::string_view result) {
  Table table({{.head = "OFFSET", .is_number = true}, {"USER"}, {"DATA"}});
  std::uint64_t offset = 0;
  std::string epoch;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") offset = json.ReadInteger<std::uint64_t>();
    if (*key == "epoch") epoch = json.ReadString();
    if (*key != "publications" || json.SkipNull()) continue;
    json.EnterArray();
    while (json.NextElement()) {
      const Publication each = ReadPublication(json);
      table.Add({fmt::to_string(each.offset), each.user, each.data});
    }
  }
  TM_TRY(json.Finish());
  return fmt::format("{}top: offset {} of epoch {}\n", table.empty() ? "" : table.ToText(), offset,
                     Printable(epoch));
}

int History(const Options& options, Io io) {
  const std::optional<std::int64_t> limit = ToNumber(options.limit, 0);
  if (!limit)
    return Misused(io, fmt::format("--limit: \"{}\" is no number; 0 is all of them", options.limit));
  const std::optional<std::int64_t> since = ToNumber(options.since, 0);
  if (!options.since.empty() && !since) {
    return Misused(io, fmt::format("--since: \"{}\" is no offset; write a number", options.since));
  }
  if (since.has_value() == options.epoch.empty()) {
    return Misused(io, "--since and --epoch are given together; `publish` prints both");
  }
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("channel", options.channel);
  json.Member("limit", *limit == 0 ? -1 : *limit);
  json.Member("reverse", !options.forward && !since);
  if (since) {
    json.Key("since");
    json.BeginObject();
    json.Member("offset", *since);
    json.Member("epoch", options.epoch);
    json.EndObject();
  }
  json.EndObject();
  return CallApi(options.api, "history", std::move(params), ToText, io);
}

}  // namespace

CommandSpec HistoryCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "history",
          .help = "Shows what a channel keeps, newest first",
          .examples =
              "  tidemill history demo:chat\n"
              "  tidemill history chat:one --limit 0 --forward --config tidemill.toml\n",
          .parameters = WithApiParameters(
              {{"CHANNEL", &options->channel, "The channel; its namespace must have a history"},
               {"--limit", &options->limit, "So many at most; 0: all"},
               {"--forward", &options->forward, "Oldest first"},
               {"--since", &options->since, "What came after this offset, oldest first; needs --epoch"},
               {"--epoch", &options->epoch, "The epoch of that offset"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return History(*options, io); }};
}

}  // namespace tidemill::cli
