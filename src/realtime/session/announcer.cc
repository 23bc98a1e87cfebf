#include "realtime/session/announcer.h"

#include <utility>

#include "base/log.h"

namespace tidemill::session {

// A task in flight.
class Announcer::Counted {
 public:
  explicit Counted(Announcer& announcer) : announcer_(announcer) {
    ++announcer_.tasks_;
    announcer_.metrics_.tasks.Add(1);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    --announcer_.tasks_;
    announcer_.metrics_.tasks.Sub(1);
  }

 private:
  Announcer& announcer_;
};

void Announcer::Joined(broker::ChannelName channel, broker::ClientInfo info) {
  if (Admit()) scope_.Spawn(SendJoin(std::move(channel), std::move(info)));
}

void Announcer::Left(broker::ChannelName channel, broker::ClientInfo info) {
  if (Admit()) scope_.Spawn(SendLeave(std::move(channel), std::move(info)));
}

void Announcer::RemovePresence(broker::ChannelName channel, std::string client) {
  if (Admit()) return scope_.Spawn(Remove(std::move(channel), std::move(client)));
  TaskScope until_it_waits;
  until_it_waits.Spawn(Remove(std::move(channel), std::move(client)));
}

void Announcer::RemoveKey(std::string channel, std::string key) {
  if (Admit())
    scope_.Spawn(Remove(broker::MapRemoveCall{.channel = std::move(channel), .key = std::move(key)}));
}

Task<void> Announcer::SendJoin(broker::ChannelName channel, broker::ClientInfo info) {
  const Counted counted(*this);
  (void)co_await broker_.PublishJoin(std::move(channel), std::move(info));
}

Task<void> Announcer::SendLeave(broker::ChannelName channel, broker::ClientInfo info) {
  const Counted counted(*this);
  (void)co_await broker_.PublishLeave(std::move(channel), std::move(info));
}

Task<void> Announcer::Remove(broker::ChannelName channel, std::string client) {
  const Counted counted(*this);
  (void)co_await presence_.Remove(std::move(channel), std::move(client));
}

Task<void> Announcer::Remove(broker::MapRemoveCall call) {
  const Counted counted(*this);
  (void)co_await maps_.Remove(std::move(call));
}

bool Announcer::Admit() {
  if (tasks_ <= tasks_max_ / 2) refusing_ = false;
  if (tasks_ < tasks_max_) return true;
  metrics_.tasks_refused.Add();
  if (!std::exchange(refusing_, true)) {
    log::Warn("session.tasks_refused",
              {{"tasks", tasks_}, {"why", "joins, leaves and presence removals wait for the broker"}});
  }
  return false;
}

}  // namespace tidemill::session
