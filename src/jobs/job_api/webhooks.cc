#include "jobs/job_api/webhooks.h"

#include <string>

#include "jobs/webhooks/webhooks.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kWebhooksResult = R"json({
  "type": "object",
  "properties": {
    "webhooks": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "queue": {"type": "string"},
          "url": {"type": "string", "description": "Without its query."},
          "state": {
            "enum": ["working", "slowed_down", "failing", "gone"],
            "description": "slowed_down: it asked for a pause. failing: it failed too often in a row. gone: it
answered 410, and nothing is sent until jobs_webhook_enable."
          },
          "problem": {"type": "string", "description": "The last failure, until it answers well."},
          "retry_in_ms": {"type": "integer", "description": "When it is tried again by itself."},
          "failures": {"type": "integer", "description": "In a row."},
          "sending": {"type": "integer", "description": "Jobs in requests now."},
          "finishing_later": {"type": "integer", "description": "Jobs that it said it ends later."}
        },
        "required": ["queue", "url", "state"]
      }
    }
  },
  "required": ["webhooks"]
})json";

constexpr std::string_view kEnableParams = R"json({
  "type": "object",
  "properties": {"queue": {"type": "string"}},
  "required": ["queue"],
  "examples": [{"queue": "mail"}]
})json";

struct ListParams : NoParams {
  webhooks::Webhooks* webhooks = nullptr;  // outlives the call
};
void Read(JsonReader& json, ListParams& params) { Read(json, static_cast<NoParams&>(params)); }

struct EnableParams : Params {
  webhooks::Webhooks* webhooks = nullptr;
  std::string queue;
};
constexpr Member<EnableParams> kEnableMembers[] = {Required<&EnableParams::queue>("queue")};
void Read(JsonReader& json, EnableParams& params) { ReadMembers(json, params, kEnableMembers); }

void WriteEndpoint(const webhooks::EndpointView& view, JsonWriter& json) {
  json.BeginObject();
  json.Member("queue", view.queue);
  json.Member("url", view.url);
  json.Member("state", webhooks::Name(view.state));
  if (!view.problem.empty()) json.Member("problem", view.problem);
  if (view.retry_in) json.Member("retry_in_ms", view.retry_in->ms);
  json.Member("failures", view.failures);
  json.Member("sending", view.sending);
  json.Member("finishing_later", view.finishing_later);
  json.EndObject();
}

Task<api::Outcome> List(Engine&, ListParams params) {
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("webhooks");
  json.BeginArray();
  for (const webhooks::EndpointView& view : params.webhooks->Views()) WriteEndpoint(view, json);
  json.EndArray();
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Enable(Engine&, EnableParams params) {
  const Result<> enabled = params.webhooks->Enable(params.queue);
  if (!enabled) co_return std::unexpected(FailureOf(enabled.error()));
  co_return "{}";
}

template <auto kRun, class P>
Task<api::Outcome> RunWithWebhooks(ApiServices& services, P params) {
  params.webhooks = services.door.webhooks();
  if (params.webhooks == nullptr && !params.refused) params.refused = api::kErrorUnavailable;
  return RunOnEngine<kRun, P>(services, std::move(params));
}

}  // namespace

std::vector<api::Method> WebhookMethods(ApiServices& services) {
  return {
      api::MakeMethod("jobs_webhooks", api::Effect::kReads, services, &RunWithWebhooks<List, ListParams>,
                      {.summary = "The queues whose jobs are sent to a URL, and how that goes.",
                       .params = R"({"type": "object", "properties": {}})",
                       .result = kWebhooksResult}),
      api::MakeMethod(
          "jobs_webhook_enable", api::Effect::kChangesState, services, &RunWithWebhooks<Enable, EnableParams>,
          {.summary = "Send a queue's jobs again, after a 410 or before a failing endpoint's time.",
           .details = "Error 104: the queue has no URL.",
           .params = kEnableParams}),
  };
}

}  // namespace tidemill::jobs
