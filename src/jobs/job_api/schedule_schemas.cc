#include "jobs/job_api/schedule_schemas.h"

namespace tidemill::jobs {

constinit const api::Schema kScheduleSchema{"JobSchedule", R"json({
  "type": "object",
  "properties": {
    "name": {"type": "string"},
    "schedule": {"type": "string", "description": "As it was given."},
    "zone": {"type": "string", "description": "An IANA time zone."},
    "in_words": {"type": "string", "description": "For people."},
    "overlap": {"enum": ["allow", "skip", "replace"]},
    "catch_up": {"enum": ["none", "coalesce", "all"]},
    "enabled": {"type": "boolean"},
    "paused": {"type": "boolean"},
    "configured": {"type": "boolean", "description": "It is of the server's configuration."},
    "job": {"$ref": "#/components/schemas/Job"},
    "fired_at": {"type": "string", "format": "date-time", "description": "The last time."},
    "last_jid": {"type": "string", "description": "The job that was pushed then."},
    "next": {
      "type": "array",
      "items": {"type": "string", "format": "date-time"},
      "description": "When it fires next; empty while it is paused."
    }
  },
  "required": ["name", "schedule"]
})json"};

constinit const std::string_view kSchedulesParams = R"json({
  "type": "object",
  "properties": {
    "cursor": {"type": "string", "description": "A page's next."},
    "limit": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000,
      "default": 100,
      "description": "A page of 1 MiB ends sooner."
    },
    "next": {
      "type": "integer",
      "minimum": 0,
      "maximum": 100,
      "default": 3,
      "description": "How many of the next firings of each."
    }
  },
  "examples": [{"limit": 20}]
})json";

constinit const std::string_view kSchedulesResult = R"json({
  "type": "object",
  "properties": {
    "schedules": {"type": "array", "items": {"$ref": "#/components/schemas/JobSchedule"}},
    "next": {"type": "string", "description": "The cursor of the next page; left out: there may be none."}
  },
  "required": ["schedules"]
})json";

constinit const std::string_view kScheduleNameParams = R"json({
  "type": "object",
  "properties": {"name": {"type": "string"}},
  "required": ["name"],
  "examples": [{"name": "nightly-report"}]
})json";

constinit const std::string_view kScheduleSetParams = R"json({
  "type": "object",
  "properties": {
    "name": {"type": "string", "pattern": "^[a-zA-Z0-9._-]+$", "maxLength": 64},
    "schedule": {
      "type": "string",
      "description": "Five fields of cron, six with the second first, \"@daily\" or \"@every 90s\"."
    },
    "zone": {"type": "string", "default": "UTC", "description": "An IANA time zone."},
    "overlap": {
      "enum": ["allow", "skip", "replace"],
      "default": "allow",
      "description": "When the job before is not done: one more, none, or in its place."
    },
    "catch_up": {
      "enum": ["none", "coalesce", "all"],
      "default": "coalesce",
      "description": "For times that passed while no node ran: no job, one for all of them, or each."
    },
    "enabled": {"type": "boolean", "default": true},
    "job": {"$ref": "#/components/schemas/Job", "description": "Without jid and at."}
  },
  "required": ["name", "schedule", "job"],
  "examples": [
    {
      "name": "nightly-report",
      "schedule": "30 3 * * MON-FRI",
      "zone": "Europe/Berlin",
      "job": {"jobtype": "report", "args": ["daily"]}
    }
  ]
})json";

constinit const std::string_view kScheduleRunResult = R"json({
  "type": "object",
  "properties": {"jid": {"type": "string", "description": "The job that was pushed."}},
  "required": ["jid"]
})json";

constinit const std::string_view kScheduleNextParams = R"json({
  "type": "object",
  "properties": {
    "schedule": {"type": "string"},
    "zone": {"type": "string", "default": "UTC"},
    "count": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
  },
  "required": ["schedule"],
  "examples": [{"schedule": "*/15 9-17 * * MON-FRI", "zone": "America/New_York"}]
})json";

constinit const std::string_view kScheduleNextResult = R"json({
  "type": "object",
  "properties": {
    "in_words": {"type": "string"},
    "next": {"type": "array", "items": {"type": "string", "format": "date-time"}}
  },
  "required": ["in_words", "next"]
})json";

}  // namespace tidemill::jobs
