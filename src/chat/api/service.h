// Service: what the two ways to call the operations of one loop share: the list, who calls, how calls run.
//
// A call that changes something runs in the service's scope, so it comes to its end whoever hangs up; how
// many may run at once is bounded. Loop thread only; must outlive the tasks it gave.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "chat/api/metrics.h"
#include "chat/api/openapi.h"
#include "chat/api/operation.h"
#include "chat/people/people.h"
#include "chat/rooms/user_rates.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::chat {

class Service {
 public:
  static constexpr std::size_t kChangesMax = 10'000;  // under way at once

  // All that is borrowed outlives it.
  Service(net::Loop& loop, People& people, UserRates& rates, ApiMetrics& metrics)
      : loop_(loop), people_(people), rates_(rates), metrics_(metrics) {}

  // Before the loop runs.
  void SetOperations(std::vector<Operation> operations) { operations_ = std::move(operations); }
  const std::vector<Operation>& operations() const { return operations_; }
  // Before the loop runs: what is served beside them.
  void Describe(PathDescription other) { descriptions_.push_back(other); }
  const std::vector<PathDescription>& descriptions() const { return descriptions_; }
  // Null: there is none of that name.
  const Operation* Find(std::string_view name) const;

  void ReplaceAuthenticator(std::shared_ptr<auth::Authenticator> authenticator) {
    authenticator_ = std::move(authenticator);
  }
  const std::shared_ptr<auth::Authenticator>& authenticator() const { return authenticator_; }

  // Who sends a request: with a token or a browser's session they are themselves; an API key acts for the
  // user in X-Tidemill-User. Takes one call off their rate.
  Task<Outcome<Actor>> Identify(const http::Request& request);
  // Who is connected with these claims.
  Task<Outcome<Actor>> Identify(std::string user, std::string claims);

  Task<Outcome<Answer>> Run(const Operation& operation, std::unique_ptr<Call> call, Actor actor);
  // Calls that change something and have not come to their end.
  std::size_t changes() const { return scope_.running(); }

 private:
  Outcome<Actor> Admit(Outcome<User> user, bool by_service);
  static Task<Outcome<Answer>> Finish(std::unique_ptr<Call> call, Actor actor);

  net::Loop& loop_;
  People& people_;
  UserRates& rates_;
  ApiMetrics& metrics_;
  std::vector<Operation> operations_;
  std::vector<PathDescription> descriptions_;
  std::shared_ptr<auth::Authenticator> authenticator_;
  TaskScope scope_;  // last
};

}  // namespace tidemill::chat
