#include "jobs/batches/batch.h"

#include "base/json.h"

namespace tidemill::jobs {
namespace {

using enum job::Flow::Callback;

constexpr std::string_view kCompleteSuffix = "/complete";
constexpr std::string_view kSuccessSuffix = "/success";

void AppendCallback(const std::optional<BatchCallback>& callback, JsonWriter& json) {
  if (!callback) return json.Null();
  json.BeginObject();
  json.Member("jid", callback->jid);
  json.Member("state", static_cast<int>(callback->state));
  json.EndObject();
}

std::optional<BatchCallback> ReadCallback(JsonReader& json) {
  if (json.SkipNull()) return std::nullopt;
  BatchCallback callback;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jid") callback.jid = json.ReadString();
    if (*key == "state") {
      const int state = json.ReadInteger<int>();
      if (state < 0 || state > static_cast<int>(CallbackState::kSucceeded)) json.Fail("no state");
      callback.state = static_cast<CallbackState>(state);
    }
  }
  return callback;
}

void ReadBatchMember(std::string_view key, JsonReader& json, Batch& batch) {
  const auto count = [&] { return json.ReadInteger<std::uint64_t>(); };
  if (key == "parent") batch.parent = json.ReadString();
  if (key == "description") batch.description = json.ReadString();
  if (key == "created") batch.created_at = {json.ReadInteger<std::int64_t>()};
  if (key == "changed") batch.changed_at = {json.ReadInteger<std::int64_t>()};
  if (key == "depth") batch.depth = json.ReadInteger<int>();
  if (key == "was_committed") batch.was_committed = json.ReadBool();
  if (key == "committed") batch.is_committed = json.ReadBool();
  if (key == "total") batch.counts.total = count();
  if (key == "pending") batch.counts.pending = count();
  if (key == "failed") batch.counts.failed = count();
  if (key == "children") batch.children = count();
  if (key == "children_incomplete") batch.children_incomplete = count();
  if (key == "children_unsuccessful") batch.children_unsuccessful = count();
  if (key == "is_complete") batch.is_complete = json.ReadBool();
  if (key == "is_successful") batch.is_successful = json.ReadBool();
  if (key == "complete") batch.complete = ReadCallback(json);
  if (key == "success") batch.success = ReadCallback(json);
}

}  // namespace

std::string_view StatusText(CallbackState state) {
  switch (state) {
    case CallbackState::kPending: return "";
    case CallbackState::kEnqueued:
    case CallbackState::kGivenUp: return "1";
    case CallbackState::kSucceeded: return "2";
  }
  return "";
}

std::string_view Name(CallbackState state) {
  switch (state) {
    case CallbackState::kPending: return "pending";
    case CallbackState::kEnqueued: return "enqueued";
    case CallbackState::kGivenUp: return "given_up";
    case CallbackState::kSucceeded: return "succeeded";
  }
  return "pending";
}

Record EncodeBatch(const Batch& batch, WallTime expires_at) {
  Record record{.kind = std::string(kBatchKind), .key = batch.bid, .value = {}, .expires_at = expires_at};
  JsonWriter json(record.value);
  json.BeginObject();
  if (!batch.parent.empty()) json.Member("parent", batch.parent);
  if (!batch.description.empty()) json.Member("description", batch.description);
  json.Member("created", batch.created_at.ms);
  json.Member("changed", batch.changed_at.ms);
  json.Member("depth", batch.depth);
  json.Member("was_committed", batch.was_committed);
  json.Member("committed", batch.is_committed);
  json.Member("total", batch.counts.total);
  json.Member("pending", batch.counts.pending);
  json.Member("failed", batch.counts.failed);
  json.Member("children", batch.children);
  json.Member("children_incomplete", batch.children_incomplete);
  json.Member("children_unsuccessful", batch.children_unsuccessful);
  json.Member("is_complete", batch.is_complete);
  json.Member("is_successful", batch.is_successful);
  json.Key("complete"), AppendCallback(batch.complete, json);
  json.Key("success"), AppendCallback(batch.success, json);
  json.EndObject();
  return record;
}

Result<Batch> DecodeBatch(const Record& record) {
  Batch batch{.bid = record.key};
  JsonReader json(record.value);
  json.EnterObject();
  while (const auto key = json.NextKey()) ReadBatchMember(*key, json, batch);
  TM_TRY(json.Finish());
  const BatchCounts& counts = batch.counts;
  if (counts.failed > counts.pending || counts.pending > counts.total ||
      batch.children_incomplete > batch.children || batch.children_unsuccessful > batch.children) {
    return Fail(Errc::kInvalidArgument, "the counts contradict each other");
  }
  return batch;
}

std::string CallbackKey(std::string_view bid, job::Flow::Callback callback) {
  return std::string(bid).append(callback == kComplete ? kCompleteSuffix : kSuccessSuffix);
}

CallbackName ParseCallbackKey(std::string_view key) {
  for (const auto& [suffix, callback] : {std::pair(kCompleteSuffix, kComplete), {kSuccessSuffix, kSuccess}}) {
    if (key.ends_with(suffix)) return {key.substr(0, key.size() - suffix.size()), callback};
  }
  return {};
}

}  // namespace tidemill::jobs
