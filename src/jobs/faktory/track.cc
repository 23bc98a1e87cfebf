#include "jobs/faktory/track.h"

#include "base/json.h"
#include "jobs/job/job.h"
#include "jobs/job/timestamp.h"

namespace tidemill::faktory {
namespace {

// The crate `faktory` knows no other names than these.
std::string_view NameFor(jobs::JobState state) {
  switch (state) {
    case jobs::JobState::kUnknown: return "unknown";
    case jobs::JobState::kQueued:
    case jobs::JobState::kScheduled:
    case jobs::JobState::kBlocked: return "enqueued";
    case jobs::JobState::kWorking: return "working";
    case jobs::JobState::kDone: return "success";
    case jobs::JobState::kRetry:
    case jobs::JobState::kFailed:
    case jobs::JobState::kCancelled: return "failed";
    case jobs::JobState::kDead: return "dead";
  }
  return "unknown";
}

// Nothing is kept of a job that was pushed without custom.track, unless its worker has said something of it.
bool IsTracked(const jobs::JobView& view) {
  if (view.track.percent || view.track.description || !view.track.checkpoint.empty()) return true;
  if (view.job.text.empty()) return true;  // only its end is known, since that was kept
  const auto job = job::ParseJob(view.job.text, view.updated_at, view.job.text.size());
  return job && job->is_tracked;
}

}  // namespace

std::string TrackJson(std::string_view jid, const jobs::JobView& view) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("jid", jid);
  const bool known = view.state != jobs::JobState::kUnknown && IsTracked(view);
  json.Member("state", NameFor(known ? view.state : jobs::JobState::kUnknown));
  json.Member("updated_at", known ? job::ToTimestamp(view.updated_at) : "");
  if (view.track.percent) json.Member("percent", *view.track.percent);
  if (view.track.description) json.Member("desc", *view.track.description);
  if (!view.track.checkpoint.empty()) json.RawMember("checkpoint", view.track.checkpoint);
  json.EndObject();
  return text;
}

}  // namespace tidemill::faktory
