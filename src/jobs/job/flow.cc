#include "jobs/job/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/json.h"
#include "jobs/job/job.h"
#include "jobs/job/names.h"

namespace tidemill::job {
namespace {

std::unexpected<Error> WrongFlow(std::string_view member, std::string_view accepted) {
  return Fail(Errc::kInvalidArgument, fmt::format("custom.{} must be {}", member, accepted));
}

Result<std::string> ReadKey(std::string_view member, JsonReader& json, std::size_t bytes_max) {
  std::string text = json.ReadString();
  if (!json.ok() || !IsKey(text, bytes_max)) {
    return WrongFlow(member, fmt::format("a string of 1 to {} bytes without control characters", bytes_max));
  }
  return text;
}

template <class Accepts>
Result<std::vector<std::string>> ReadList(std::string_view member, JsonReader& json, std::string_view what,
                                          Accepts accepts) {
  std::vector<std::string> list;
  json.EnterArray();
  while (json.NextElement()) {
    std::string text = json.ReadString();
    if (!json.ok() || !accepts(text)) return WrongFlow(member, fmt::format("a list of {}", what));
    if (std::ranges::find(list, text) != list.end()) continue;
    if (list.size() == kDependenciesMax) {
      return Fail(Errc::kLimitExceeded,
                  fmt::format("custom.{} has at most {} elements", member, kDependenciesMax));
    }
    list.push_back(std::move(text));
  }
  if (!json.ok()) return WrongFlow(member, fmt::format("a list of {}", what));
  return list;
}

template <class Enum>
Result<Enum> ReadWord(std::string_view member, JsonReader& json,
                      std::initializer_list<std::pair<std::string_view, Enum>> words) {
  const std::string text = json.ReadString();
  std::string accepted;
  for (const auto& [word, value] : words) {
    if (json.ok() && text == word) return value;
    accepted += fmt::format("{}\"{}\"", accepted.empty() ? "" : " or ", word);
  }
  return WrongFlow(member, accepted);
}

}  // namespace

Result<bool> ReadFlowMember(std::string_view key, JsonReader& json, Flow& flow) {
  if (key == "depends_on") {
    TM_TRY_ASSIGN(flow.depends_on, ReadList(key, json, "ids of jobs", IsJid));
  } else if (key == "signals") {
    TM_TRY_ASSIGN(flow.signals, ReadList(key, json, "names of signals",
                                         [](std::string_view name) { return IsKey(name, kSignalBytesMax); }));
  } else if (key == "signals_within") {
    const auto seconds = json.ReadInteger<std::int64_t>();
    if (!json.ok() || seconds < 1 || seconds > kSignalsWithinMax.ms / 1000) {
      return WrongFlow(key, fmt::format("a number of seconds from 1 to {}", kSignalsWithinMax.ms / 1000));
    }
    flow.signals_within = Seconds(seconds);
  } else if (key == "on_timeout") {
    using enum Flow::OnTimeout;
    TM_TRY_ASSIGN(flow.on_timeout,
                  ReadWord<Flow::OnTimeout>(key, json, {{"fail", kFail}, {"continue", kContinue}}));
  } else if (key == "on_failure") {
    using enum Flow::OnFailure;
    TM_TRY_ASSIGN(flow.on_failure, ReadWord<Flow::OnFailure>(
                                       key, json, {{"wait", kWait}, {"cancel", kCancel}, {"run", kRun}}));
  } else if (key == "sequence_key") {
    TM_TRY_ASSIGN(flow.sequence_key, ReadKey(key, json, kSequenceKeyBytesMax));
  } else if (key == "sequence_on_dead") {
    using enum Flow::OnDead;
    TM_TRY_ASSIGN(flow.on_dead, ReadWord<Flow::OnDead>(key, json, {{"halt", kHalt}, {"skip", kSkip}}));
  } else if (key == "workflow") {
    TM_TRY_ASSIGN(flow.workflow, ReadKey(key, json, kWorkflowBytesMax));
  } else if (key == "node") {
    TM_TRY_ASSIGN(flow.node, ReadKey(key, json, kNodeNameBytesMax));
  } else if (key == "limit_key") {
    TM_TRY_ASSIGN(flow.limit_key, ReadKey(key, json, kLimitKeyBytesMax));
  } else if (key == "weight") {
    flow.weight = json.ReadInteger<int>();
    if (!json.ok() || flow.weight < 1 || flow.weight > kWeightMax)
      return WrongFlow(key, fmt::format("an integer from 1 to {}", kWeightMax));
  } else if (key == "_bid") {
    flow.callback_of = json.ReadString();
    if (!json.ok() || !IsJid(flow.callback_of)) return WrongFlow(key, "the id of a batch");
  } else if (key == "_cb") {
    using enum Flow::Callback;
    TM_TRY_ASSIGN(flow.callback,
                  ReadWord<Flow::Callback>(key, json, {{"complete", kComplete}, {"success", kSuccess}}));
  } else {
    return false;
  }
  return true;
}

void SetCustom(Job& job, std::span<const CustomMember> members) {
  const std::string text = job.members + "}";
  std::string_view old = "{}";
  JsonReader find(text);
  find.EnterObject();
  while (const auto key = find.NextKey()) {
    if (*key == "custom") old = find.ReadRaw();
  }
  TM_ASSERT(find.ok());

  std::string custom;
  JsonWriter out(custom);
  out.BeginObject();
  JsonReader read(old);
  read.EnterObject();
  while (const auto key = read.NextKey()) {
    const bool is_set = std::ranges::any_of(members, [&](const CustomMember& m) { return m.key == *key; });
    if (is_set) continue;
    out.DynamicKey(*key);
    out.Raw(read.ReadRaw());
  }
  for (const CustomMember& member : members) {
    if (member.json.empty()) continue;
    out.DynamicKey(member.key);
    out.Raw(member.json);
  }
  out.EndObject();

  if (old.data() >= text.data() && old.data() < text.data() + text.size()) {
    job.members.replace(static_cast<std::size_t>(old.data() - text.data()), old.size(), custom);
  } else {
    job.members += R"(,"custom":)" + custom;
  }
}

}  // namespace tidemill::job
