#include "jobs/job_api/work_schemas.h"

#include "jobs/job_api/job_json.h"

namespace tidemill::jobs {

api::Description FetchDescription() {
  return {.summary = "Get jobs to work on, waiting for one if there is none.",
          .details =
              "The first of queues that has a job gives it. The caller has it until reserved_until, "
              "and then says jobs_ack, jobs_fail or jobs_give_back; after that time it counts as "
              "failed. A request that ends before its answer gives its jobs back. A worker that "
              "names itself must beat every 15 to 60 seconds while it works: if it is not heard of "
              "for a minute, its jobs go back to their queues.",
          .params = R"json({
            "type": "object",
            "properties": {
              "queues": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 256,
                "default": ["default"]
              },
              "wait": {
                "type": "number",
                "minimum": 0,
                "maximum": 60,
                "default": 0,
                "description": "Seconds to wait for a job. Set the client's time-out above it."
              },
              "count": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
              "worker": {"type": "string", "maxLength": 128, "description": "The worker's own id."}
            },
            "examples": [{"queues": ["mail", "default"], "wait": 30, "worker": "app-1"}]
          })json",
          .result = R"json({
            "type": "object",
            "properties": {
              "jobs": {
                "type": "array",
                "description": "Empty: none came in time.",
                "items": {
                  "type": "object",
                  "properties": {
                    "job": {"$ref": "#/components/schemas/Job"},
                    "attempt": {"type": "integer", "minimum": 1},
                    "reserved_until": {"type": "string", "format": "date-time"}
                  },
                  "required": ["job"]
                }
              },
              "state": {
                "enum": ["quiet", "terminate"],
                "description": "quiet: no more jobs come; terminate: give back what is not done, and end."
              }
            },
            "required": ["jobs"]
          })json",
          .schemas = {kJobSchema}};
}

api::Description AckDescription() {
  return {.summary = "The job is done. When it is answered it never runs again.",
          .details = "Error 104: nobody has such a job; its reservation ended, or it was acknowledged.",
          .params = R"json({
            "type": "object",
            "properties": {
              "jid": {"type": "string"},
              "result": {"description": "Kept with the job for a while, any JSON of at most 64 KiB."}
            },
            "required": ["jid"],
            "examples": [{"jid": "QcFLwPsYLWuCbrJHmAkTxzyv", "result": {"sent": 3}}]
          })json"};
}

api::Description FailDescription() {
  return {.summary = "The job failed. It is tried again later, or dead, as its retry says.",
          .details = "Error 104: nobody has such a job.",
          .params = R"json({
            "type": "object",
            "properties": {
              "jid": {"type": "string"},
              "errtype": {"type": "string", "description": "100 bytes of it are kept."},
              "message": {"type": "string", "description": "1000 bytes of it are kept."},
              "backtrace": {"type": "array", "items": {"type": "string"}, "description": "50 lines are kept."}
            },
            "required": ["jid"],
            "examples": [{"jid": "QcFLwPsYLWuCbrJHmAkTxzyv", "errtype": "Timeout", "message": "no answer"}]
          })json"};
}

api::Description ProgressDescription() {
  return {.summary = "How far a job has come, for whoever looks at it.",
          .details = "What is left out stays as it is. Error 104: nobody has such a job.",
          .params = R"json({
            "type": "object",
            "properties": {
              "jid": {"type": "string"},
              "percent": {"type": "integer", "minimum": 0, "maximum": 100},
              "desc": {"type": "string"},
              "reserve_for": {
                "type": "number",
                "maximum": 86400,
                "description": "Seconds from now that the reservation is to last; never made shorter."
              },
              "checkpoint": {"description": "Given to the next attempt in custom; JSON of at most 64 KiB."},
              "log": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 100,
                "description": "Lines that are added."
              }
            },
            "required": ["jid"],
            "examples": [{"jid": "QcFLwPsYLWuCbrJHmAkTxzyv", "percent": 40, "desc": "page 4 of 10"}]
          })json",
          .result = R"json({
            "type": "object",
            "properties": {"cancelled": {"type": "boolean", "description": "Somebody wants the job to end."}}
          })json"};
}

api::Description BeatDescription() {
  return {.summary = "The worker is alive. It hears whether it is to stop.",
          .params = R"json({
            "type": "object",
            "properties": {
              "worker": {"type": "string", "maxLength": 128},
              "hostname": {"type": "string"},
              "pid": {"type": "integer"},
              "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 32},
              "rss_kb": {"type": "integer"},
              "state": {"enum": ["quiet", "terminate"], "description": "What it has decided itself."}
            },
            "required": ["worker"],
            "examples": [{"worker": "app-1", "hostname": "web3", "pid": 4711, "rss_kb": 52000}]
          })json",
          .result = R"json({
            "type": "object",
            "properties": {"state": {"enum": ["running", "quiet", "terminate"]}},
            "required": ["state"]
          })json"};
}

}  // namespace tidemill::jobs
