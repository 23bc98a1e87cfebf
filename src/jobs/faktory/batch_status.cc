#include "jobs/faktory/batch_status.h"

#include "base/json.h"
#include "jobs/job/timestamp.h"

namespace tidemill::faktory {
namespace {

std::string_view TextOf(const std::optional<jobs::BatchCallback>& callback) {
  return callback ? jobs::StatusText(callback->state) : std::string_view();
}

}  // namespace

std::string BatchJson(const jobs::Batch& batch) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("bid", batch.bid);
  if (!batch.parent.empty()) json.Member("parent_bid", batch.parent);
  json.Member("description", batch.description);
  // Rounded up: a client that looked at its clock before it asked for the batch finds it no younger.
  json.Member("created_at", job::ToTimestamp(batch.created_at + Milliseconds(1)));
  json.Member("total", batch.counts.total);
  json.Member("pending", batch.counts.pending);
  json.Member("failed", batch.counts.failed);
  json.Member("complete_st", TextOf(batch.complete));
  json.Member("success_st", TextOf(batch.success));
  json.EndObject();
  return text;
}

}  // namespace tidemill::faktory
