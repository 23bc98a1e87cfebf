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

// With the error as body, but for 401, which those with a wrong key get as text too.
http::Response ResponseOf(const Stranger& stranger) {
  if (stranger.status == 401) {
    http::Response response = http::Response::Text(401, "unauthorized: " + stranger.why);
    response.headers.emplace_back("WWW-Authenticate", "Cookie");
    return response;
  }
  std::string body;
  AppendErrorObject(
      {stranger.status == 403 ? protocol::kErrorPermissionDenied : kErrorUnavailable, stranger.why}, body);
  return http::Response::Json(stranger.status, std::move(body));
}

std::string WhyNot(const Method& method, const Person& person) {
  const std::string name(method.name.text);
  if (!method.admission || !method.admission->least) return name + " is for programs, with a key of the API";
  return name + " needs the role " + std::string(Name(*method.admission->least)) + "; yours is " +
         std::string(Name(person.role));
}

std::string ErrorText(const Failure& failure) {
  const std::string detail = failure.detail.empty() ? "" : ": " + failure.detail;
  return "error " + std::to_string(failure.code.code) + ", " + std::string(failure.code.message) + detail;
}

}  // namespace

Service::Service(std::vector<Method> methods, const HttpApiSettings& settings, ApiMetrics& metrics,
                 Limits limits, std::unique_ptr<People> people)
    : methods_(std::move(methods)), metrics_(metrics), limits_(limits), people_(std::move(people)) {
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

bool Service::IsOfPerson(const http::Request& request) const {
  return people_ && authenticator_ && !authenticator_->HasCredentials(request) &&
         people_->HasCredentials(request);
}

Task<std::expected<Person, http::Response>> Service::Identify(const http::Request& request,
                                                              const Method& method) {
  auto person = co_await people_->Identify(request);
  if (!person) {
    metrics_.not_signed_in.Add();
    co_return std::unexpected(ResponseOf(person.error()));
  }
  const Admission admission = method.admission.value_or(Admission{});
  if (!admission.least || person->role < *admission.least) {
    metrics_.wrong_role.Add();
    co_return std::unexpected(ResponseOf({.status = 403, .why = WhyNot(method, *person)}));
  }
  co_return *std::move(person);
}

Task<Outcome> Service::RunFor(Person person, Command command, std::string target) {
  if (!command.method->admission->acts) co_return co_await Run(std::move(command));
  if (!TakesAnother()) co_return std::unexpected(protocol::kErrorLimitExceeded);
  co_return co_await RunToEnd(scope_, RunNoted(std::move(person), std::move(command), std::move(target)));
}

Task<Outcome> Service::RunNoted(Person person, Command command, std::string target) {
  const std::string action = "api." + std::string(command.method->name.text);
  const auto entry = co_await people_->BeginAction(std::move(person), action, std::move(target));
  if (!entry) {
    co_return std::unexpected(Failure(
        kErrorUnavailable, "nothing was done, as the audit log cannot be written: " + entry.error().detail));
  }
  Outcome outcome =
      co_await RunAndCount(std::move(command), metrics_, AnswerBudget(answer_bytes_max_), nullptr);
  const auto noted = co_await people_->EndAction(*entry, outcome ? "done" : ErrorText(outcome.error()));
  if (!noted) log::Warn("api.result_not_noted", {{"action", action}, {"why", noted.error().detail}});
  co_return outcome;
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
