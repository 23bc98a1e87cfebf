#include "api/service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/concurrently.h"
#include "base/assert.h"
#include "base/log.h"
#include "net/next_turn.h"
#include "net/run_to_end.h"

namespace tidemill::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool ChangesState(const Command& command) {
  return command.method != nullptr && command.method->effect == Effect::kChangesState;
}

// `own` is used unless others share `shared`.
Task<Outcome> RunAndCount(Command command, ApiMetrics& metrics, AnswerBudget own, AnswerBudget* shared) {
  if (command.method == nullptr) co_return std::unexpected(kErrorNotFound);
  if (!command.permitted) co_return std::unexpected(protocol::kErrorPermissionDenied);
  AnswerBudget& budget = shared != nullptr ? *shared : own;
  const auto begun = SteadyClock::now();
  Outcome outcome = co_await command.call->Run(budget);
  // What changes state has been done: its small result is always told.
  const bool counts = command.method->effect == Effect::kReads && !command.method->takes_budget;
  if (outcome && counts && !budget.Take(outcome->size())) outcome = std::unexpected(kErrorAnswerTooLarge);
  if (!outcome && outcome.error() == kErrorAnswerTooLarge) metrics.answers_refused.Add();
  const std::chrono::duration<double> taken = SteadyClock::now() - begun;
  command.metrics->duration_seconds.Observe(taken.count());
  if (!outcome) command.metrics->errors.Add();
  co_return outcome;
}

// A batch leaves the turn after that much work.
constexpr auto kTurnShare = std::chrono::milliseconds(2);

struct Job {
  std::vector<Command> commands;
  std::vector<Outcome> outcomes;
  ApiMetrics& metrics;
  AnswerBudget budget;
  SteadyClock::time_point turn_begun = SteadyClock::now();

  Task<void> operator()(std::size_t i) { return One(*this, i); }
  static Task<void> One(Job& job, std::size_t i) {
    job.outcomes[i] = co_await RunAndCount(std::move(job.commands[i]), job.metrics, job.budget, &job.budget);
    if (SteadyClock::now() - job.turn_begun < kTurnShare) co_return;
    co_await net::NextTurn(*net::Loop::Current());
    job.turn_begun = SteadyClock::now();
  }
};

Task<std::vector<Outcome>> RunEach(std::vector<Command> commands, std::size_t width, ApiMetrics& metrics,
                                   AnswerBudget budget) {
  const std::size_t count = commands.size();
  Job job{.commands = std::move(commands),
          .outcomes = std::vector<Outcome>(count),
          .metrics = metrics,
          .budget = budget};
  co_await ForEachConcurrently(count, width, job);
  co_return std::move(job.outcomes);
}

}  // namespace

Service::Service(std::vector<Method> methods, const HttpApiSettings& settings, ApiMetrics& metrics,
                 Limits limits)
    : methods_(std::move(methods)), metrics_(metrics), limits_(limits) {
  for (const Method& method : methods_) {
    const auto same = [&method](const Method& other) { return other.name.text == method.name.text; };
    TM_ASSERT(std::ranges::count_if(methods_, same) == 1);
    method_metrics_.push_back(&metrics.Of(method.name.text));
  }
  ReplaceSettings(settings);
}

void Service::ReplaceSettings(const HttpApiSettings& settings) {
  authenticator_.reset();
  if (!settings.insecure) authenticator_.emplace(settings.keys);
  key_setting_ = settings.key_setting;
  jobs_authenticator_.reset();
  if (!settings.jobs_keys.empty()) jobs_authenticator_.emplace(settings.jobs_keys);
  tells_by_status_ = settings.error_mode == "transport";
  answer_bytes_max_ = settings.answer_max_size;
}

Command Service::Read(std::string_view name, JsonReader& json) const {
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    if (methods_[i].name.text != name) continue;
    return {.method = &methods_[i], .metrics = method_metrics_[i], .call = methods_[i].read(json)};
  }
  return {};
}

bool Service::TakesAnother() {
  if (changes() < limits_.changes_max) return true;
  metrics_.refused.Add();
  return false;
}

Task<Outcome> Service::Run(Command command) {
  const AnswerBudget budget(answer_bytes_max_);
  if (!ChangesState(command)) co_return co_await RunAndCount(std::move(command), metrics_, budget, nullptr);
  if (!TakesAnother()) co_return std::unexpected(protocol::kErrorLimitExceeded);
  co_return co_await RunToEnd(scope_, RunAndCount(std::move(command), metrics_, budget, nullptr));
}

Task<std::vector<Outcome>> Service::RunAll(std::vector<Command> commands, std::size_t width) {
  if (std::ranges::none_of(commands, ChangesState)) {
    co_return co_await RunEach(std::move(commands), width, metrics_, AnswerBudget(answer_bytes_max_));
  }
  if (!TakesAnother()) {
    co_return std::vector<Outcome>(commands.size(), std::unexpected(protocol::kErrorLimitExceeded));
  }
  co_return co_await RunToEnd(scope_,
                              RunEach(std::move(commands), width, metrics_, AnswerBudget(answer_bytes_max_)));
}

bool Service::HasAllRights(const http::Request& request) {
  return !authenticator_ || authenticator_->Check(request).has_value();
}

std::optional<http::Response> Service::Refuse(const http::Request& request, Rights rights) {
  if (!authenticator_) return std::nullopt;
  const Result<auth::Caller> caller = authenticator_->Check(request);
  if (caller) return std::nullopt;
  const bool is_for_jobs = jobs_authenticator_ && jobs_authenticator_->Check(request);
  if (is_for_jobs && rights == Rights::kJobs) return std::nullopt;
  metrics_.wrong_key.Add();
  if (const auto suppressed = wrong_keys_.Count(SystemClock().Now())) {
    log::Warn("api.refused", {{"reason", "key"},
                              {"why", caller.error().detail},
                              {"path", request.path},
                              {"address", request.peer.ToString()},
                              {"setting", key_setting_},
                              {"suppressed", *suppressed}});
  }
  http::Response response = auth::RefusalOf(caller.error(), *authenticator_);
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  const std::string why =
      is_for_jobs ? "http_api.jobs_key opens methods about jobs only" : caller.error().detail;
  response.body =
      "unauthorized: " + why + "; send the server's " + std::string(key_setting_) + " in X-API-Key";
  return response;
}

http::Response Service::RefuseToRead(const http::Request& request, std::string_view why) {
  metrics_.bad_request.Add();
  if (const auto suppressed = bad_requests_.Count(SystemClock().Now())) {
    log::Info("api.refused", {{"reason", "bad_request"},
                              {"why", why},
                              {"path", request.path},
                              {"address", request.peer.ToString()},
                              {"suppressed", *suppressed}});
  }
  return http::Response::Text(400, "Bad Request: " + std::string(why));
}

bool Service::TellsByStatus(const http::Request& request) const {
  return tells_by_status_ || request.Header("x-tidemill-error-mode") == "transport" ||
         request.Header("x-centrifugo-error-mode") == "transport";
}

}  // namespace tidemill::api
