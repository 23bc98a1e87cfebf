// Service: what the API's HTTP handlers of one loop share: the methods, how their calls run, who may call.
//
// A request that changes state runs in the service's scope, so it comes to its end whoever hangs up; how many
// may run at once is bounded. Loop thread only; must outlive the tasks it gave.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/method.h"
#include "api/metrics.h"
#include "api/people.h"
#include "auth/api_key_authenticator.h"
#include "base/log_limit.h"
#include "http/message.h"
#include "net/task_scope.h"

namespace tidemill::api {

// A call that was read, and what it is a call of.
struct Command {
  const Method* method = nullptr;  // null: there is none of the name given
  MethodMetrics* metrics = nullptr;
  std::unique_ptr<Call> call;
  bool permitted = true;  // the caller's key opens it
};

class Service {
 public:
  Service(std::vector<Method> methods, const HttpApiSettings& settings, ApiMetrics& metrics, Limits limits,
          std::unique_ptr<People> people = nullptr);

  const std::vector<Method>& methods() const { return methods_; }

  // Reads the object that comes next as the parameters of that method. Nothing is read without such a method.
  Command Read(std::string_view name, JsonReader& json) const;

  // Runs one command, and counts it. kErrorLimitExceeded: too many that change state are running.
  Task<Outcome> Run(Command command);
  // Runs them in their order, at most `width` at once, and gives their outcomes in the same order.
  Task<std::vector<Outcome>> RunAll(std::vector<Command> commands, std::size_t width);

  // Whether whoever sent it wants to be known as a person: it has a session and no key, and keys are asked
  // for.
  bool IsOfPerson(const http::Request& request) const;
  // Who it is, if that person may call the method; or the response that refuses. `request` must outlive the
  // task.
  Task<std::expected<Person, http::Response>> Identify(const http::Request& request, const Method& method);
  // As Run, for a person. What acts is noted in the audit log first, with `target` (audit_target.h), or not
  // done: kErrorUnavailable.
  Task<Outcome> RunFor(Person person, Command command, std::string target);

  // Requests that change state and have not come to their end.
  std::size_t changes() const { return scope_.running(); }

  // The response for a request whose credentials do not have these rights; nullopt: they have.
  std::optional<http::Response> Refuse(const http::Request& request, Rights rights);
  // Whether they have all.
  bool HasAllRights(const http::Request& request);
  // The response for a request that cannot be read. `why`: what of it, for whoever sent it.
  http::Response RefuseToRead(const http::Request& request, std::string_view why);
  // Whether errors are told by the HTTP status.
  bool TellsByStatus(const http::Request& request) const;

  void ReplaceSettings(const HttpApiSettings& settings);

 private:
  bool TakesAnother();
  Task<Outcome> RunNoted(Person person, Command command, std::string target);

  const std::vector<Method> methods_;
  std::vector<MethodMetrics*> method_metrics_;  // of methods_, in its order
  ApiMetrics& metrics_;
  const Limits limits_;
  const std::unique_ptr<People> people_;                         // null: nobody signs in
  std::optional<auth::ApiKeyAuthenticator> authenticator_;       // nullopt: everybody may call
  std::optional<auth::ApiKeyAuthenticator> jobs_authenticator_;  // nullopt: nobody more
  std::string_view key_setting_;
  bool tells_by_status_ = false;
  std::size_t answer_bytes_max_ = 0;
  log::LogLimit wrong_keys_;
  log::LogLimit bad_requests_;
  TaskScope scope_;  // last, so that nothing its tasks refer to ends before them
};

}  // namespace tidemill::api
