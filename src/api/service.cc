#include "api/service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/concurrently.h"
#include "base/assert.h"
#include "net/run_to_end.h"

namespace tidemill::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool ChangesState(const Command& command) {
  return command.method != nullptr && command.method->effect == Effect::kChangesState;
}

Task<Outcome> RunAndCount(Command command) {
  if (command.method == nullptr) co_return std::unexpected(kErrorNotFound);
  const auto begun = SteadyClock::now();
  Outcome outcome = co_await command.call->Run();
  const std::chrono::duration<double> taken = SteadyClock::now() - begun;
  command.metrics->duration_seconds.Observe(taken.count());
  if (!outcome) command.metrics->errors.Add();
  co_return outcome;
}

struct Job {
  std::vector<Command> commands;
  std::vector<Outcome> outcomes;

  Task<void> operator()(std::size_t i) { return One(*this, i); }
  static Task<void> One(Job& job, std::size_t i) {
    job.outcomes[i] = co_await RunAndCount(std::move(job.commands[i]));
  }
};

Task<std::vector<Outcome>> RunEach(std::vector<Command> commands, std::size_t width) {
  const std::size_t count = commands.size();
  Job job{.commands = std::move(commands), .outcomes = std::vector<Outcome>(count)};
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
  tells_by_status_ = settings.error_mode == "transport";
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
  if (!ChangesState(command)) co_return co_await RunAndCount(std::move(command));
  if (!TakesAnother()) co_return std::unexpected(protocol::kErrorLimitExceeded);
  co_return co_await RunToEnd(scope_, RunAndCount(std::move(command)));
}

Task<std::vector<Outcome>> Service::RunAll(std::vector<Command> commands, std::size_t width) {
  if (std::ranges::none_of(commands, ChangesState)) {
    co_return co_await RunEach(std::move(commands), width);
  }
  if (!TakesAnother()) {
    co_return std::vector<Outcome>(commands.size(), std::unexpected(protocol::kErrorLimitExceeded));
  }
  co_return co_await RunToEnd(scope_, RunEach(std::move(commands), width));
}

std::optional<http::Response> Service::Refuse(const http::Request& request) {
  if (!authenticator_) return std::nullopt;
  const Result<auth::Caller> caller = authenticator_->Check(request);
  if (caller) return std::nullopt;
  return auth::RefusalOf(caller.error(), *authenticator_);
}

bool Service::TellsByStatus(const http::Request& request) const {
  return tells_by_status_ || request.Header("x-tidemill-error-mode") == "transport" ||
         request.Header("x-centrifugo-error-mode") == "transport";
}

}  // namespace tidemill::api
