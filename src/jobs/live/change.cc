#include "jobs/live/change.h"

#include <utility>

#include "base/json_writer.h"
#include "jobs/job/timestamp.h"

namespace tidemill::live {

void Change::TakeOver(Change&& earlier) {
  if (state != jobs::JobState::kWorking || earlier.state != jobs::JobState::kWorking) return;
  if (!percent) percent = earlier.percent;
  if (!description) description = std::move(earlier.description);
}

Change ChangeOf(const jobs::JobChange& change) {
  Change out{.state = change.state};
  JsonWriter json(out.members);
  json.BeginObject();
  json.Member("jid", change.jid);
  json.Member("state", jobs::Name(change.state));
  json.Member("queue", change.queue);
  json.Member("type", change.type);
  if (!change.batch.empty()) json.Member("batch", change.batch);
  if (change.attempt > 0) json.Member("attempt", change.attempt);
  json.Member("at", job::ToTimestamp(change.at));
  if (change.due_at) json.Member("due_at", job::ToTimestamp(*change.due_at));
  if (!change.result.empty()) json.RawMember("result", change.result);
  if (!change.error.empty()) json.Member("error", change.error);
  out.members.erase(0, 1);  // the brace; there is none at the end
  if (change.track != nullptr) {
    out.percent = change.track->percent;
    out.description = change.track->description;
  }
  return out;
}

std::string ToJson(const Change& change) {
  std::string text = "{" + change.members;
  if (change.percent) text.append(",\"percent\":").append(std::to_string(*change.percent));
  if (change.description) {
    text += ",\"desc\":";
    AppendJsonString(*change.description, text);
  }
  return text + "}";
}

std::string ToJson(const jobs::QueueView& queue) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("queue", queue.name);
  json.Member("ready", queue.ready);
  json.Member("working", queue.working);
  json.Member("later", queue.later);
  if (queue.oldest) json.Member("oldest", job::ToTimestamp(*queue.oldest));
  json.Member("paused", queue.paused);
  json.EndObject();
  return text;
}

std::string ToJson(const jobs::Batch& batch) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("batch", batch.bid);
  if (!batch.description.empty()) json.Member("description", batch.description);
  json.Member("committed", batch.is_committed);
  json.Member("total", batch.counts.total);
  json.Member("pending", batch.counts.pending);
  json.Member("failed", batch.counts.failed);
  if (batch.complete) json.Member("complete", jobs::Name(batch.complete->state));
  if (batch.success) json.Member("success", jobs::Name(batch.success->state));
  json.EndObject();
  return text;
}

}  // namespace tidemill::live
