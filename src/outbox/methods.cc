#include "outbox/methods.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "jobs/job_api/failures.h"
#include "jobs/job_api/members.h"
#include "net/reply.h"

namespace tidemill::outbox {
namespace {

constexpr std::size_t kHeldShownMax = 20;
constexpr std::int64_t kPageMax = 1000;
constexpr std::size_t kIdsMax = 1000;
constexpr std::size_t kAllAtOnce = 500;

constexpr std::string_view kStatusResult = R"json({
  "type": "object",
  "properties": {
    "relayed_by": {"type": "string", "description": "The node that sends; empty: none does."},
    "relayed_here": {"type": "boolean"},
    "waiting": {"type": "integer", "description": "Entries; above 10,000 perhaps fewer than that."},
    "parked": {"type": "integer", "description": "Entries that could not leave; 10,000 at most."},
    "lag_ms": {"type": "integer", "description": "Age of the oldest entry that waits."},
    "held": {
      "type": "array",
      "description": "What holds entries of one key back, on the node that sends; 20 at most.",
      "items": {
        "type": "object",
        "properties": {
          "lane": {"type": "string"},
          "entry": {"type": "integer"},
          "attempts": {"type": "integer", "description": "That count: while others left."},
          "retry_in_ms": {"type": "integer"},
          "why": {"type": "string"}
        }
      }
    }
  },
  "required": ["relayed_by", "relayed_here", "waiting", "parked", "lag_ms", "held"]
})json";

constexpr std::string_view kParkedParams = R"json({
  "type": "object",
  "properties": {
    "after": {"type": "integer", "description": "The id that the page begins behind."},
    "count": {"type": "integer", "minimum": 1, "maximum": 1000}
  },
  "examples": [{}, {"after": 17, "count": 50}]
})json";

constexpr std::string_view kParkedResult = R"json({
  "type": "object",
  "properties": {
    "entries": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "id": {"type": "integer"},
          "sink": {"type": "string"},
          "target": {"type": "string", "description": "The channel."},
          "key": {"type": "string"},
          "data": {"type": "string", "description": "Cut at 4096 bytes."},
          "reason": {"type": "string"},
          "created_at": {"type": "integer", "description": "In ms since 1970."},
          "parked_at": {"type": "integer"}
        },
        "required": ["id", "sink", "target", "key", "data", "reason", "created_at", "parked_at"]
      }
    }
  },
  "required": ["entries"]
})json";

constexpr std::string_view kIdsParams = R"json({
  "type": "object",
  "properties": {
    "ids": {"type": "array", "items": {"type": "integer"}, "maxItems": 1000},
    "all": {"type": "boolean", "description": "All that are parked, instead of ids."}
  },
  "examples": [{"ids": [17]}, {"all": true}]
})json";

constexpr std::string_view kIdsResult = R"json({
  "type": "object",
  "properties": {"entries": {"type": "integer", "description": "How many it was done to."}},
  "required": ["entries"]
})json";

struct ParkedParams : jobs::Params {
  std::int64_t after = 0;
  std::int64_t count = 100;
};
constexpr jobs::Member<ParkedParams> kParkedMembers[] = {jobs::Optional<&ParkedParams::after>("after"),
                                                         jobs::Optional<&ParkedParams::count>("count")};
void Read(JsonReader& json, ParkedParams& params) {
  jobs::ReadMembers(json, params, kParkedMembers);
  if (!params.refused && (params.count < 1 || params.count > kPageMax)) {
    params.refused = jobs::OutOfRange("count", "1 to 1000");
  }
}

struct IdsParams : jobs::Params {
  jobs::RawJson given;
  bool all = false;
  std::vector<std::int64_t> ids;  // of `given`
};
constexpr jobs::Member<IdsParams> kIdsMembers[] = {jobs::Optional<&IdsParams::given>("ids"),
                                                   jobs::Optional<&IdsParams::all>("all")};
void Read(JsonReader& json, IdsParams& params) {
  jobs::ReadMembers(json, params, kIdsMembers);
  if (params.refused) return;
  if (params.given.text.empty() != params.all) {
    params.refused = api::Failure(protocol::kErrorBadRequest, "either ids or all");
    return;
  }
  if (params.all) return;
  JsonReader list(params.given.text);
  list.EnterArray();
  while (list.NextElement()) params.ids.push_back(list.ReadInteger<std::int64_t>());
  if (!list.Finish()) params.refused = api::Failure(protocol::kErrorBadRequest, "ids must be integers");
  if (params.ids.size() > kIdsMax) params.refused = jobs::OutOfRange("ids", "at most 1000");
}

struct HeldView {
  std::string lane;
  HeldLane held;
  Duration retry_in{};
};
struct RelayView {
  bool relays = false;
  std::vector<HeldView> held;
};

RelayView ViewOf(net::Loop& loop, const Relay& relay) {
  RelayView view{.relays = relay.relays(), .held = {}};
  if (!view.relays) return view;
  for (const auto& [name, held] : relay.held().all()) {
    if (view.held.size() == kHeldShownMax) break;
    view.held.push_back({.lane = name, .held = held, .retry_in = held.retry_at - loop.clock().Now()});
  }
  return view;
}

Task<RelayView> AskRelay(ApiServices& services) {
  net::Reply<RelayView> reply(services.loop);
  services.relay_loop.Post(
      [sender = reply.sender(), &services] { sender.Send(ViewOf(services.relay_loop, services.relay)); });
  co_return co_await reply;
}

void WriteHeld(const HeldView& view, JsonWriter& json) {
  json.BeginObject();
  json.Member("lane", view.lane);
  json.Member("entry", view.held.entry);
  json.Member("attempts", view.held.attempts);
  json.Member("retry_in_ms", std::max<std::int64_t>(view.retry_in.ms, 0));
  json.Member("why", view.held.why);
  json.EndObject();
}

Task<api::Outcome> Status(ApiServices& services, jobs::NoParams) {
  const auto depth = co_await services.store.Measure();
  if (!depth) co_return std::unexpected(jobs::FailureOf(depth.error()));
  const auto relaying = co_await services.store.FindRelaying();
  if (!relaying) co_return std::unexpected(jobs::FailureOf(relaying.error()));
  const RelayView view = co_await AskRelay(services);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("relayed_by", relaying->node);
  json.Member("relayed_here", view.relays);
  json.Member("waiting", depth->waiting);
  json.Member("parked", depth->parked);
  json.Member("lag_ms", depth->oldest ? std::max<std::int64_t>((depth->now - *depth->oldest).ms, 0) : 0);
  json.Key("held");
  json.BeginArray();
  for (const HeldView& held : view.held) WriteHeld(held, json);
  json.EndArray();
  json.EndObject();
  co_return result;
}

void WriteParked(const Parked& parked, JsonWriter& json) {
  json.BeginObject();
  json.Member("id", parked.entry.id);
  json.Member("sink", parked.entry.sink);
  json.Member("target", parked.entry.target);
  json.Member("key", parked.entry.key);
  json.Member("data", CutUtf8(parked.entry.data, Store::kDataShown));
  json.Member("reason", parked.reason);
  json.Member("created_at", parked.entry.created_at.ms);
  json.Member("parked_at", parked.parked_at.ms);
  json.EndObject();
}

Task<api::Outcome> ListParked(ApiServices& services, ParkedParams params) {
  if (params.refused) co_return std::unexpected(*std::move(params.refused));
  const auto page = co_await services.store.ListParked(params.after, static_cast<std::size_t>(params.count));
  if (!page) co_return std::unexpected(jobs::FailureOf(page.error()));
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("entries");
  json.BeginArray();
  for (const Parked& parked : *page) WriteParked(parked, json);
  json.EndArray();
  json.EndObject();
  co_return result;
}

using Act = Task<Result<std::size_t>> (Store::*)(std::vector<std::int64_t>);

Task<Result<std::size_t>> ActOnAll(Store& store, Act act) {
  std::size_t done = 0;
  for (std::int64_t after = 0;;) {
    TM_CO_TRY_ASSIGN(std::vector<std::int64_t> ids, co_await store.ListParkedIds(after, kAllAtOnce));
    if (ids.empty()) co_return done;
    after = ids.back();
    TM_CO_TRY_ASSIGN(const std::size_t some, co_await (store.*act)(std::move(ids)));
    done += some;
  }
}

Task<api::Outcome> ActOn(ApiServices& services, IdsParams params, Act act) {
  if (params.refused) co_return std::unexpected(*std::move(params.refused));
  const auto done = params.all ? co_await ActOnAll(services.store, act)
                               : co_await (services.store.*act)(std::move(params.ids));
  if (!done) co_return std::unexpected(jobs::FailureOf(done.error()));
  services.relay_loop.Post([&services] { services.relay.HurryUp(); });
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("entries", *done);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Retry(ApiServices& services, IdsParams params) {
  return ActOn(services, std::move(params), &Store::Retry);
}
Task<api::Outcome> Drop(ApiServices& services, IdsParams params) {
  return ActOn(services, std::move(params), &Store::Drop);
}

}  // namespace

std::vector<api::Method> OutboxMethods(ApiServices& services) {
  using api::Effect;
  return {
      api::MakeMethod("outbox_status", Effect::kReads, services, &Status,
                      {.summary = "What waits in the outbox, and who sends it",
                       .params = R"({"type":"object"})",
                       .result = kStatusResult}),
      api::MakeMethod("outbox_parked", Effect::kReads, services, &ListParked,
                      {.summary = "Entries of the outbox that could not leave",
                       .params = kParkedParams,
                       .result = kParkedResult}),
      api::MakeMethod(
          "outbox_retry", Effect::kChangesState, services, &Retry,
          {.summary = "Puts parked entries back, to be sent", .params = kIdsParams, .result = kIdsResult}),
      api::MakeMethod(
          "outbox_drop", Effect::kChangesState, services, &Drop,
          {.summary = "Drops parked entries for good", .params = kIdsParams, .result = kIdsResult}),
  };
}

}  // namespace tidemill::outbox
