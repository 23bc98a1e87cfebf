// Listener: LISTEN on one connection that does nothing else.
//
// It keeps its channels when the connection is lost, listens to them again, and says that notifications may
// have been missed in between. Behind a pooler that lends connections for a transaction there is no LISTEN:
// it stays down and says why.
//
// Thread: one Listener per loop, that loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "postgres/lanes/lane_options.h"
#include "postgres/metrics.h"
#include "postgres/opening/session_opener.h"
#include "sql/failure.h"

namespace tidemill::postgres {

class ListenerEvents {
 public:
  // Both are borrowed until the call returns.
  virtual void OnNotification(std::string_view channel, std::string_view payload) = 0;
  // What is notified from here on does not come, until OnRestored.
  virtual void OnLost() = 0;
  // All channels are listened to again; what was notified in between was missed.
  virtual void OnRestored() = 0;

 protected:
  ~ListenerEvents() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;

  // Completes when the server has acknowledged: what is notified from then on arrives. On a failure the
  // channel is not kept. kUnavailable: not connected, or lost meanwhile. kInvalidValue: a name that is empty
  // or over 63 bytes.
  virtual Task<sql::Result<void>> Listen(std::string channel) = 0;
  // No OnNotification for it from here on.
  virtual void Unlisten(const std::string& channel) = 0;

  // Any thread. nullopt while it is up.
  virtual std::optional<MonotonicTime> down_since() const = 0;
};

// Begins to connect at once. What it is given must outlive it.
std::unique_ptr<Listener> MakeListener(net::Loop& loop, const SessionOpener& opener, LaneOptions options,
                                       ListenerEvents& events, Metrics& metrics);

}  // namespace tidemill::postgres
