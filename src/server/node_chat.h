// NodeChat: a node's chat: on each loop its part of the rooms, what is published, and the operations; on the
// first one who is connected.
//
// Made before the loops run, on the main thread; the databases, the contexts and the directories outlive it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "chat/api/metrics.h"
#include "chat/delivery/channels.h"
#include "chat/delivery/metrics.h"
#include "chat/delivery/presence_board.h"
#include "chat/operations/due.h"
#include "chat/operations/later_metrics.h"
#include "chat/rooms/metrics.h"
#include "chat/rooms/rooms.h"
#include "chat/rooms/settings.h"
#include "chat/rooms/user_rates.h"
#include "chat/uploads/admission.h"
#include "chat/uploads/file_store.h"
#include "chat/uploads/metrics.h"
#include "chat/uploads/settings.h"
#include "config/secret.h"
#include "http/router.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/session/context.h"
#include "server/databases.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class NodeChat final : public broker::OccupancyEvents {
 public:
  struct Options {
    std::vector<session::Context*> contexts;  // of all loops, in their order
    // On that loop, who a browser's session is; empty: there are none.
    std::function<std::shared_ptr<auth::Authenticator>(std::size_t loop)> browser_sessions;
    std::unique_ptr<chat::FileStore> files;  // null: nothing can be uploaded
  };
  // Where attachments are. Null: nowhere. The error names the setting.
  static Result<std::unique_ptr<chat::FileStore>> OpenFiles(const settings::Settings& settings);

  NodeChat(Options options, const Databases& databases, const settings::Settings& settings,
           metrics::Registry& registry);
  ~NodeChat();

  // Before the loops run: everything below /chat/v1.
  void AddRoutes(std::size_t loop, http::Router& router);
  // On that loop.
  void TakeOver(std::size_t loop, const std::vector<config::Secret>& api_keys);
  // On that loop: calls that change something and have not come to their end.
  std::size_t changes(std::size_t loop) const;
  // Once the loops have stopped.
  void EndTasks();

  // Any loop.
  void OnOccupied(const broker::ChannelName& channel) override { Tell(channel, true); }
  void OnVacated(const broker::ChannelName& channel) override { Tell(channel, false); }

 private:
  class OfLoop;
  class FollowNoter;

  void Tell(const broker::ChannelName& channel, bool occupied);
  // What need not be kept goes, a piece at a time.
  Task<void> KeepClean();
  void Announce(const chat::User& user);
  void Choose(const std::string& user, chat::Presence presence);
  chat::PresenceBoard::Replicas Replicas();
  std::shared_ptr<auth::Authenticator> AuthenticatorFor(std::size_t loop,
                                                        const std::vector<config::Secret>& api_keys) const;

  const Options options_;
  const chat::ChatSettings settings_;
  const chat::UploadSettings upload_settings_;
  net::Loop& first_;
  chat::DeliveryMetrics delivery_metrics_;
  chat::RoomMetrics room_metrics_;
  chat::ApiMetrics api_metrics_;
  chat::LaterMetrics later_metrics_;
  chat::UploadMetrics upload_metrics_;
  metrics::Counter& refused_subscriptions_;
  chat::UserRates rates_;
  chat::Admission admission_;
  chat::Rooms rooms_;
  const std::unique_ptr<FollowNoter> follow_noter_;  // of all loops
  std::vector<std::unique_ptr<OfLoop>> loops_;
  std::unique_ptr<chat::PresenceBoard> board_;          // of the first loop
  std::unique_ptr<chat::Due> due_;                      // likewise
  std::optional<TaskScope> background_{std::in_place};  // likewise
};

}  // namespace tidemill::server
