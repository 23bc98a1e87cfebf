// Services: what the calls of one loop work with.
//
// Loop thread only, but for what is shared by loops and says so. Whatever changes state runs in `scope`, to
// its end.
#pragma once

#include <string>
#include <vector>

#include "accounts/hasher.h"
#include "accounts/metrics.h"
#include "accounts/session_cache.h"
#include "accounts/settings.h"
#include "accounts/store.h"
#include "accounts/throttle.h"
#include "auth/own_key.h"
#include "base/log_limit.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::accounts {

// Hears what has ended, so that it ends elsewhere too. Of one loop.
class EndingEvents {
 public:
  virtual ~EndingEvents() = default;
  // What any loop of this node knows of the user's sessions is to be asked anew.
  virtual void OnUserChanged(const std::string& user) = 0;
  // Tokens of these ids (TokenIdOf) are not good any more, and the connections that they were used for end,
  // on all nodes. Completes when that has been done on all that could be reached.
  virtual Task<void> OnTokensEnded(std::vector<std::string> token_ids) = 0;
};

// Of a node.
struct Throttles {
  explicit Throttles(const AccountsSettings& settings)
      : by_account({.burst = settings.logins_per_account, .interval = settings.logins_interval}),
        by_address({.burst = settings.logins_per_address, .interval = settings.logins_interval}) {}

  Throttle by_account;
  Throttle by_address;
};

struct Services {
  net::Loop& loop;
  Store& store;
  SessionCache& sessions;
  PasswordHasher& hasher;
  Throttles& throttles;
  Metrics& metrics;
  const AccountsSettings& settings;
  auth::OwnKey& own_key;
  EndingEvents& endings;
  const std::string& base_url;             // for links that no browser has asked for
  std::vector<std::string> own_origins{};  // http/page_origin.h
  log::LogLimit wrong_logins{};
  TaskScope scope{};
};

}  // namespace tidemill::accounts
