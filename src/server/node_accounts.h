// NodeAccounts: a node's accounts on all its loops: their routes, who a browser's session is, and the key of
// their tokens.
//
// Made before the loops run, on the main thread, as are AddRoutes and EndTasks. What is borrowed outlives it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/console_people.h"
#include "accounts/metrics.h"
#include "accounts/services.h"
#include "api/method.h"
#include "api/people.h"
#include "auth/authenticator.h"
#include "base/result.h"
#include "http/router.h"
#include "net/address.h"
#include "net/task_scope.h"
#include "realtime/access/store.h"
#include "realtime/control/directory.h"
#include "server/health.h"
#include "sql/database.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

struct Shared;

class NodeAccounts {
 public:
  // A loop and what is its own.
  struct Loop {
    net::Loop* loop = nullptr;
    sql::Database* database = nullptr;
    control::Directory* directory = nullptr;
    access::Store* access_store = nullptr;  // null: revoked tokens are kept nowhere
  };
  // kInternal: there is no thread for the passwords.
  static Result<std::unique_ptr<NodeAccounts>> Open(const std::vector<Loop>& loops,
                                                    const settings::Settings& settings, Shared& shared);
  ~NodeAccounts();

  void AddRoutes(std::size_t loop_index, http::Router& router);
  // Of the HTTP API.
  std::vector<api::Method> MethodsFor(std::size_t loop_index);
  // Of that loop: who may sign in to the console. The node outlives it.
  std::unique_ptr<api::People> PeopleFor(std::size_t loop_index);
  // Of that loop: browsers' sessions, for others who serve people. To be asked last: a request that carries
  // another kind of credentials means those.
  std::shared_ptr<auth::Authenticator> AuthenticatorFor(std::size_t loop_index);

  // Where the server listens, for the link of the first owner. Before the loops run.
  void SetAddress(const net::ListenAddress& address);
  // On the first loop, once the tables are there.
  void Start();
  // Once the loops have stopped.
  void EndTasks();
  // On that loop: requests that change state and have not come to their end.
  std::size_t changes(std::size_t loop_index) const;

  // Any thread.
  bool started() const { return started_.load(std::memory_order_acquire); }
  std::string owner_link() const;  // "": there is an owner, or it is not known yet
  std::optional<ServiceProblem> problem() const;

 private:
  class OnLoop;

  NodeAccounts(const settings::Settings& settings, Shared& shared);
  Task<void> Run();
  Task<Result<>> TakeKey();
  Task<Result<>> MakeOwnerLink();
  Task<void> KeepClean();
  void SetWhy(std::string why);

  Shared& shared_;
  const accounts::AccountsSettings settings_;
  const accounts::ConsoleMode console_mode_;
  const bool serves_tls_;
  const MonotonicTime since_ = SystemClock().Now();
  accounts::Metrics metrics_;
  accounts::Throttles throttles_;
  std::unique_ptr<accounts::PasswordHasher> hasher_;
  std::vector<std::unique_ptr<OnLoop>> loops_;
  std::string base_url_;
  std::atomic<bool> started_{false};
  std::atomic<std::int64_t> users_{0};
  std::atomic<std::int64_t> sessions_{0};
  mutable std::mutex mutex_;
  std::string owner_link_;
  std::string why_ = "its tables are not there yet";
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
