#include "jobs/job_api/job_json.h"

#include "jobs/job/timestamp.h"

namespace tidemill::jobs {

constinit const api::Schema kJobSchema{"Job", R"json({
  "type": "object",
  "description": "A job as in Faktory's protocol. Other members are kept as they are.",
  "properties": {
    "jid": {
      "type": "string",
      "minLength": 8,
      "maxLength": 128,
      "description": "The job's id; made up if it is left out."
    },
    "jobtype": {"type": "string", "maxLength": 256, "description": "What is to be done."},
    "args": {"type": "array", "description": "With what."},
    "queue": {"type": "string", "default": "default", "pattern": "^[a-zA-Z0-9._-]+$"},
    "priority": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5, "description": "9 goes first."},
    "at": {"type": "string", "format": "date-time", "description": "Not before."},
    "retry": {
      "type": "integer",
      "minimum": -1,
      "maximum": 1000,
      "default": 25,
      "description": "How often it is tried again. 0: discarded when it fails; -1: dead when it fails."
    },
    "reserve_for": {
      "type": "integer",
      "default": 1800,
      "description": "Seconds that a worker may keep it; 60 to 86400."
    },
    "custom": {
      "type": "object",
      "properties": {
        "unique_for": {"type": "number", "description": "Seconds in which no equal job is taken."},
        "unique_until": {"enum": ["success", "start"], "default": "success"},
        "unique_key": {"type": "string", "maxLength": 256, "description": "Equal by this, not by the args."},
        "expires_at": {"type": "string", "format": "date-time"},
        "expires_in": {"type": "number", "description": "Seconds after which it is dropped unless begun."},
        "retry_schedule": {"type": "array", "items": {"type": "number"}, "maxItems": 100},
        "track": {"enum": [0, 1], "description": "1: its state is kept for a while after its end."},
        "bid": {"type": "string", "description": "The batch that it is of."}
      }
    }
  },
  "required": ["jobtype", "args"]
})json"};

constinit const api::Schema kJobStateSchema{"JobState", R"json({
  "enum": ["unknown", "queued", "scheduled", "retry", "blocked", "working", "done", "failed", "dead",
"cancelled"]
})json"};

constinit const api::Schema kJobViewSchema{"JobView", R"json({
  "type": "object",
  "properties": {
    "jid": {"type": "string"},
    "jobtype": {"type": "string"},
    "queue": {"type": "string"},
    "state": {"$ref": "#/components/schemas/JobState"},
    "at": {
      "type": "string",
      "format": "date-time",
      "description": "When it is due, was reserved, died or ended, as its state is."
    },
    "reserved_until": {"type": "string", "format": "date-time"},
    "worker": {"type": "string", "description": "Who has it."},
    "updated_at": {"type": "string", "format": "date-time"},
    "percent": {"type": "integer", "minimum": 0, "maximum": 100},
    "desc": {"type": "string"},
    "checkpoint": {"description": "What the last attempt left for the next."},
    "log": {"type": "array", "items": {"type": "string"}},
    "result": {"description": "What its worker acknowledged it with."},
    "job": {"$ref": "#/components/schemas/Job"}
  },
  "required": ["jid", "state"]
})json"};

void WriteTime(JsonName name, WallTime at, JsonWriter& json) {
  if (at == WallTime{}) return;
  json.Member(name, job::ToTimestamp(at));
}

namespace {

void WriteHead(const StoredJob& job, JobState state, JsonWriter& json) {
  json.Member("jid", job.jid);
  if (!job.type.empty()) json.Member("jobtype", job.type);
  if (!job.queue.empty()) json.Member("queue", job.queue);
  json.Member("state", Name(state));
}

JobState StateIn(Place place, Wait wait) {
  if (place == Place::kReady) return JobState::kQueued;
  if (place == Place::kDead) return JobState::kDead;
  switch (wait) {
    case Wait::kScheduled: return JobState::kScheduled;
    case Wait::kRetry: return JobState::kRetry;
    case Wait::kBlocked: return JobState::kBlocked;
  }
  return JobState::kUnknown;
}

}  // namespace

void WriteJobView(const JobView& view, JsonWriter& json) {
  json.BeginObject();
  WriteHead(view.job, view.state, json);
  if (view.at) WriteTime("at", *view.at, json);
  if (view.reserved_until) WriteTime("reserved_until", *view.reserved_until, json);
  if (!view.wid.empty()) json.Member("worker", view.wid);
  WriteTime("updated_at", view.updated_at, json);
  if (view.track.percent) json.Member("percent", *view.track.percent);
  if (view.track.description) json.Member("desc", *view.track.description);
  if (!view.track.checkpoint.empty()) json.RawMember("checkpoint", view.track.checkpoint);
  if (!view.track.log.empty()) {
    json.Key("log");
    json.BeginArray();
    for (const std::string& line : view.track.log) json.String(line);
    json.EndArray();
  }
  if (!view.result.empty()) json.RawMember("result", view.result);
  if (!view.job.text.empty()) json.RawMember("job", view.job.text);
  json.EndObject();
}

void WriteJobItem(Place place, const JobPage::Item& item, JsonWriter& json) {
  json.BeginObject();
  WriteHead(item.job, StateIn(place, item.wait), json);
  if (place != Place::kReady && item.wait != Wait::kBlocked) WriteTime("at", item.at, json);
  if (!item.job.text.empty()) json.RawMember("job", item.job.text);
  json.EndObject();
}

}  // namespace tidemill::jobs
