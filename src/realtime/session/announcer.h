// Announcer: tells others that clients come and go, and takes them and their keys out of presence and maps,
// without anybody waiting.
//
// Each is one task in the context's scope. A store that answers slowly while many clients leave would gather
// them without end, so kTasksMax is the most. Over it nothing is said of who comes and goes (a join or leave
// that is lost is allowed by the broker's contract), and a removal is begun but not waited for: the presence
// store forgets the client, and what the store behind it did not hear ends by its time to live.
//
// Loop thread only. Must outlive the scope's tasks.
#pragma once

#include <cstddef>
#include <string>

#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/presence.h"
#include "realtime/session/metrics.h"

namespace tidemill::session {

class Announcer {
 public:
  // About 100 MB of suspended tasks.
  static constexpr std::size_t kTasksMax = 100'000;

  Announcer(broker::Broker& broker, broker::PresenceStore& presence, broker::MapPublisher& maps,
            SessionMetrics& metrics, TaskScope& scope, std::size_t tasks_max = kTasksMax)
      : broker_(broker),
        presence_(presence),
        maps_(maps),
        metrics_(metrics),
        scope_(scope),
        tasks_max_(tasks_max) {}
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  void Joined(broker::ChannelName channel, broker::ClientInfo info);
  void Left(broker::ChannelName channel, broker::ClientInfo info);
  void RemovePresence(broker::ChannelName channel, std::string client);
  // Of a map channel; it expires, if this is not done.
  void RemoveKey(std::string channel, std::string key);

 private:
  class Counted;
  Task<void> SendJoin(broker::ChannelName channel, broker::ClientInfo info);
  Task<void> SendLeave(broker::ChannelName channel, broker::ClientInfo info);
  Task<void> Remove(broker::ChannelName channel, std::string client);
  Task<void> Remove(broker::MapRemoveCall call);
  // Whether there is room for one more. Counts, and tells the log once per burst, if there is not.
  bool Admit();

  broker::Broker& broker_;
  broker::PresenceStore& presence_;
  broker::MapPublisher& maps_;
  SessionMetrics& metrics_;
  TaskScope& scope_;
  const std::size_t tasks_max_;
  std::size_t tasks_ = 0;
  bool refusing_ = false;  // from the first refusal until half of the tasks are done
};

}  // namespace tidemill::session
