// Locator: where the server of a connection is; asked before each attempt to connect.
//
// A fixed locator gives what was configured; Sentinel's asks the sentinels which server is the primary.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "net/task.h"
#include "redis/options.h"

namespace tidemill::redis {

class Locator {
 public:
  virtual ~Locator() = default;
  // kUnavailable: it is not known now.
  virtual Task<Result<Endpoint>> Locate() = 0;
  // `on_moved` is called when the server is known to be elsewhere: connections to the old one must end.
  // At most one; null removes it.
  virtual void SetOnMoved(std::function<void()> on_moved) = 0;
};

std::unique_ptr<Locator> MakeFixedLocator(Endpoint endpoint);

}  // namespace tidemill::redis
