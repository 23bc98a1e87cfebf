#include "jobs/workflows/node.h"

#include <fmt/format.h>

#include <array>

#include "base/json.h"
#include "jobs/job/names.h"
#include "jobs/job/value.h"

namespace tidemill::jobs {
namespace {

constexpr std::array<std::string_view, 5> kStateNames = {"blocked", "open", "done", "dead", "gone"};

void AppendNames(JsonName key, const std::vector<std::string>& names, JsonWriter& json) {
  if (names.empty()) return;
  json.Key(key);
  json.BeginArray();
  for (const std::string& name : names) json.String(name);
  json.EndArray();
}

std::vector<std::string> ReadNames(JsonReader& json) {
  std::vector<std::string> names;
  json.EnterArray();
  while (json.NextElement()) names.push_back(json.ReadString());
  return names;
}

template <class Enum>
Enum ReadEnum(JsonReader& json, int last) {
  const int value = json.ReadInteger<int>();
  if (value < 0 || value > last) json.Fail("out of range");
  return static_cast<Enum>(value);
}

void ReadNodeMember(std::string_view key, JsonReader& json, Node& node) {
  if (key == "id") node.id = JobId(json.ReadInteger<std::uint64_t>());
  if (key == "queue") node.queue = json.ReadString();
  if (key == "workflow") node.workflow = json.ReadString();
  if (key == "name") node.name = json.ReadString();
  if (key == "state") node.state = ReadEnum<NodeState>(json, 4);
  if (key == "depends_on") node.depends_on = ReadNames(json);
  if (key == "signals") node.signals = ReadNames(json);
  if (key == "signals_until") node.signals_until = WallTime{json.ReadInteger<std::int64_t>()};
  if (key == "on_timeout") node.on_timeout = ReadEnum<job::Flow::OnTimeout>(json, 1);
  if (key == "on_failure") node.on_failure = ReadEnum<job::Flow::OnFailure>(json, 2);
  if (key == "sequence") node.sequence = json.ReadString();
  if (key == "on_dead") node.on_dead = ReadEnum<job::Flow::OnDead>(json, 1);
  if (key == "result") node.result = std::string(json.ReadRaw());
  if (key == "changed") node.changed_at = {json.ReadInteger<std::int64_t>()};
}

}  // namespace

std::string_view Name(NodeState state) { return kStateNames[static_cast<std::size_t>(state)]; }

Record EncodeNode(const Node& node, std::optional<WallTime> expires_at) {
  Record record{.kind = std::string(kNodeKind), .key = node.jid, .value = {}, .expires_at = expires_at};
  JsonWriter json(record.value);
  json.BeginObject();
  json.Member("id", node.id.value());
  json.Member("queue", node.queue);
  if (!node.workflow.empty()) json.Member("workflow", node.workflow);
  if (!node.name.empty()) json.Member("name", node.name);
  json.Member("state", static_cast<int>(node.state));
  AppendNames("depends_on", node.depends_on, json);
  AppendNames("signals", node.signals, json);
  if (node.signals_until) {
    json.Member("signals_until", node.signals_until->ms);
    json.Member("on_timeout", static_cast<int>(node.on_timeout));
  }
  json.Member("on_failure", static_cast<int>(node.on_failure));
  if (!node.sequence.empty()) {
    json.Member("sequence", node.sequence);
    json.Member("on_dead", static_cast<int>(node.on_dead));
  }
  if (!node.result.empty()) json.RawMember("result", node.result);
  json.Member("changed", node.changed_at.ms);
  json.EndObject();
  return record;
}

Record EncodeSignal(std::string_view name, std::string_view payload, std::optional<WallTime> expires_at) {
  return {.kind = std::string(kSignalKind),
          .key = std::string(name),
          .value = std::string(payload.empty() ? "null" : payload),
          .expires_at = expires_at};
}

Result<> CheckSignal(std::string_view name, std::string& payload, std::size_t payload_bytes_max) {
  if (!job::IsKey(name, job::kSignalBytesMax)) {
    return Fail(
        Errc::kInvalidArgument,
        fmt::format("a signal's name has 1 to {} bytes without control characters", job::kSignalBytesMax));
  }
  if (payload.size() > payload_bytes_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("a signal's payload has at most {} bytes", payload_bytes_max));
  }
  return payload.empty() ? Result<>() : job::OnOneLine(payload, "a signal's payload");
}

Result<Node> DecodeNode(const Record& record) {
  Node node{.jid = record.key};
  JsonReader json(record.value);
  json.EnterObject();
  while (const auto key = json.NextKey()) ReadNodeMember(*key, json, node);
  TM_TRY(json.Finish());
  if (node.id == JobId(0)) return Fail(Errc::kInvalidArgument, "a node has the id of its job");
  return node;
}

}  // namespace tidemill::jobs
