#include "jobs/nodes/forwarder.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "jobs/job_api/fetch_params.h"
#include "jobs/nodes/refusals.h"
#include "net/task_scope.h"

namespace tidemill::nodes {
namespace {

// For what is done at once. Longer than an owner that died keeps its lease: who waits is told of that.
constexpr Duration kTimeout = Seconds(30);
constexpr Duration kWaitTimeout =
    Milliseconds(static_cast<std::int64_t>(jobs::kFetchWaitMax) * 1000 + 10'000);
constexpr std::size_t kConnectionsMax = 64;
constexpr std::size_t kWaitingMax = 10'000;
// Of {"result":…} and of an error, beside what it has in it.
constexpr std::size_t kAnswerExtraBytes = 4096;
constexpr char kTakenOver[] = "another node has taken the jobs over";
constexpr char kDraining[] = "this node stops; ask another one, or again in a moment";

api::Failure Unavailable(std::string why) { return {api::kErrorUnavailable, std::move(why)}; }

// With what methods about jobs fail, and the API itself.
constexpr protocol::ErrorCode kCodes[] = {
    api::kErrorAnswerTooLarge, protocol::kErrorLimitExceeded, api::kErrorNotFound,
    api::kErrorAlreadyExists,  api::kErrorUnavailable,        protocol::kErrorBadRequest,
    protocol::kErrorExpired,   protocol::kErrorInternal,      protocol::kErrorPermissionDenied,
};

// As api::AppendErrorObject has written it: the code's message, and a detail behind it.
api::Failure ReadFailure(JsonReader& json) {
  std::uint32_t number = 0;
  std::string message;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") number = json.ReadInteger<std::uint32_t>();
    if (*key == "message") message = json.ReadString();
  }
  for (const protocol::ErrorCode& code : kCodes) {
    if (code.code != number || !message.starts_with(code.message)) continue;
    const std::string_view rest = std::string_view(message).substr(code.message.size());
    if (rest.empty()) return code;
    if (rest.starts_with(": ")) return {code, std::string(rest.substr(2))};
  }
  return {protocol::kErrorInternal, std::move(message)};
}

api::Outcome ReadAnswer(const http::ClientResponse& response, const jobs::Owner& owner) {
  if (response.status == 401) return std::unexpected(Unavailable(WrongKey(owner)));
  std::optional<api::Outcome> outcome;
  JsonReader json(response.body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "result") outcome.emplace(std::string(json.ReadRaw()));
    if (*key == "error") outcome.emplace(std::unexpected(ReadFailure(json)));
  }
  if (json.Finish() && outcome) return *std::move(outcome);
  return std::unexpected(Unavailable(fmt::format("{}; it answered {}", HasTheJobs(owner), response.status)));
}

class ForwardedCall final : public api::Call {
 public:
  ForwardedCall(Forwarder& forwarder, std::unique_ptr<api::Call> here, Forwarder::Request request,
                bool takes_budget)
      : forwarder_(forwarder),
        here_(std::move(here)),
        request_(std::move(request)),
        takes_budget_(takes_budget) {}

  Task<api::Outcome> Run(api::AnswerBudget& budget) override {
    if (!forwarder_.IsNeeded()) return here_->Run(budget);
    return Go(forwarder_, std::move(request_), takes_budget_ ? &budget : nullptr);
  }

 private:
  static Task<api::Outcome> Go(Forwarder& forwarder, Forwarder::Request request, api::AnswerBudget* budget) {
    api::Outcome outcome = co_await forwarder.Forward(std::move(request));
    if (outcome && budget != nullptr && !budget->Take(outcome->size())) {
      co_return std::unexpected(api::kErrorAnswerTooLarge);
    }
    co_return outcome;
  }

  Forwarder& forwarder_;
  std::unique_ptr<api::Call> here_;
  Forwarder::Request request_;
  const bool takes_budget_;
};

}  // namespace

// A request under way, until its answer or a change of the owner.
class Forwarder::Flight final : public net::Retirable, public queue::FifoLink {
 public:
  Flight(queue::FifoList<Flight>& flights, jobs::Owner to) : owner(std::move(to)) { flights.PushBack(*this); }

  static Task<void> Run(Flight& flight, Task<Result<http::ClientResponse>> task) {
    flight.Finish(co_await task);
  }
  void Finish(Result<http::ClientResponse> result) {
    if (done) return;
    done = std::move(result);
    Unlink();
    if (awaiter) std::exchange(awaiter, nullptr).resume();
  }
  void OnRetire() override { awaiter = nullptr; }

  const jobs::Owner owner;
  std::optional<Result<http::ClientResponse>> done;
  std::coroutine_handle<> awaiter;
  std::optional<TaskScope> scope{std::in_place};  // last: its task refers to all above
};

class [[nodiscard]] Forwarder::Answer {
 public:
  Answer(Forwarder& forwarder, jobs::Owner owner, bool waits, Task<Result<http::ClientResponse>> task)
      : loop_(forwarder.loop_),
        flight_(std::make_unique<Flight>(waits ? forwarder.waiting_flights_ : forwarder.flights_,
                                         std::move(owner))) {
    flight_->scope->Spawn(Flight::Run(*flight_, std::move(task)));
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { loop_.Retire(std::move(flight_)); }

  bool await_ready() const { return flight_->done.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { flight_->awaiter = awaiter; }
  Result<http::ClientResponse> await_resume() { return *std::move(flight_->done); }

 private:
  net::Loop& loop_;
  std::unique_ptr<Flight> flight_;
};

Forwarder::Forwarder(net::Loop& loop, Ownership& ownership, Options options, NodesMetrics& metrics)
    : loop_(loop),
      ownership_(ownership),
      options_(std::move(options)),
      metrics_(metrics),
      pool_(http::ClientPool::Make(loop, {.tls = nullptr,
                                          .connections_per_origin_max = kConnectionsMax,
                                          .waiting_per_origin_max = kWaitingMax})),
      waiting_pool_(http::ClientPool::Make(loop, {.tls = nullptr,
                                                  .connections_per_origin_max = kWaitingMax,
                                                  .waiting_per_origin_max = kWaitingMax})) {
  ownership.Watch([this] { loop_.Post([this] { EndStale(); }); });
}

// A flight whose caller is gone stays with the loop until a turn that may not come any more. Its request ends
// before the pools that it uses.
Forwarder::~Forwarder() {
  for (queue::FifoList<Flight>* const flights : {&flights_, &waiting_flights_}) {
    while (Flight* const flight = flights->front()) {
      flight->Unlink();
      flight->scope.reset();
    }
  }
}

Task<api::Outcome> Forwarder::Forward(Request request) {
  const std::optional<jobs::Owner> owner = ownership_.Elsewhere();
  if (!owner) co_return std::unexpected(Unavailable("the jobs change hands just now; try again"));
  if (auto why = WhyNotReachable(*owner, options_.key))
    co_return std::unexpected(Unavailable(*std::move(why)));
  auto url = http::Url::Parse(fmt::format("http://{}{}/{}", owner->address, kApiPrefix, request.method));
  if (!url) co_return std::unexpected(Unavailable(fmt::format("{}; that is no address", HasTheJobs(*owner))));
  metrics_.forwarded.Add();
  http::ClientRequest http{
      .method = "POST",
      .url = *std::move(url),
      .headers = {{"Content-Type", "application/json"}, {"X-API-Key", options_.key.value}},
      .body = std::move(request.params),
      .timeout = request.waits ? kWaitTimeout : kTimeout,
      .response_bytes_max = options_.answer_bytes_max + kAnswerExtraBytes};
  co_return co_await Ask(*owner, std::move(http), request.waits);
}

Task<api::Outcome> Forwarder::Ask(jobs::Owner owner, http::ClientRequest request, bool waits) {
  if (waits && is_draining_) co_return std::unexpected(Unavailable(kDraining));
  http::ClientPool& pool = waits ? *waiting_pool_ : *pool_;
  const Result<http::ClientResponse> response =
      co_await Answer(*this, owner, waits, pool.Fetch(std::move(request)));
  if (waits && is_draining_ && !response) co_return std::unexpected(Unavailable(kDraining));
  if (response) co_return ReadAnswer(*response, owner);
  metrics_.not_forwarded.Add();
  co_return std::unexpected(Unavailable(DoesNotAnswer(owner, response.error().detail)));
}

// Whoever is told may begin another one, which stands behind.
template <class IsOver>
bool Forwarder::EndOldest(queue::FifoList<Flight>& flights, IsOver is_over, const char* why) {
  while (Flight* const flight = flights.front()) {
    if (!is_over(*flight)) return true;
    flight->Finish(Fail(Errc::kUnavailable, why));
    if (loop_.ShareSpent()) return false;
  }
  return true;
}

// Those of an earlier owner began earlier.
void Forwarder::EndStale() {
  const auto is_stale = [owner = ownership_.Elsewhere()](const Flight& flight) {
    return flight.owner != owner;
  };
  for (queue::FifoList<Flight>* const flights : {&flights_, &waiting_flights_}) {
    if (!EndOldest(*flights, is_stale, kTakenOver)) return loop_.Post([this] { EndStale(); });
  }
}

// Their connections to the owner close, and with that they ask no more there.
void Forwarder::EndWaiting() {
  is_draining_ = true;
  const auto always = [](const Flight&) { return true; };
  if (!EndOldest(waiting_flights_, always, kDraining)) loop_.Post([this] { EndWaiting(); });
}

void Forwarder::Drain() {
  loop_.Post([this] { EndWaiting(); });
}

std::vector<api::Method> Forwarder::Wrap(std::vector<api::Method> methods) {
  for (api::Method& method : methods) {
    method.read = [this, here = std::move(method.read), name = method.name.text, waits = method.waits,
                   takes_budget = method.takes_budget](JsonReader& json) -> std::unique_ptr<api::Call> {
      if (!IsNeeded()) return here(json);
      JsonReader whole = json;
      auto call = here(json);  // what cannot be read is refused here
      const std::string_view params = whole.ReadRaw();
      return std::make_unique<ForwardedCall>(
          *this, std::move(call), Request{.method = name, .params = std::string(params), .waits = waits},
          takes_budget);
    };
  }
  return methods;
}

}  // namespace tidemill::nodes
