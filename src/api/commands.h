// Commands: the API's methods, independent of how they were asked for (one by one, in a batch, legacy form).
//
// One per loop, loop thread only; must outlive the tasks it gave.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/errors.h"
#include "api/requests.h"
#include "net/loop.h"
#include "net/task.h"
#include "realtime/channels/rules.h"

namespace tidemill::api {

class Commands {
 public:
  Commands(ApiServices services, std::shared_ptr<const ApiSettings> settings);

  // Each appends its result, a JSON object, to `out`, which must stay until the task ends; nothing on an
  // error. The calls of one channel take effect in the order in which they were begun.
  Task<Outcome> Run(PublishRequest request, std::string& out);
  Task<Outcome> Run(BroadcastRequest request, std::string& out);
  Task<Outcome> Run(SubscribeRequest request, std::string& out);
  Task<Outcome> Run(UnsubscribeRequest request, std::string& out);
  Task<Outcome> Run(DisconnectRequest request, std::string& out);
  Task<Outcome> Run(RefreshRequest request, std::string& out);
  Task<Outcome> Run(PresenceRequest request, std::string& out);
  Task<Outcome> Run(PresenceStatsRequest request, std::string& out);
  Task<Outcome> Run(HistoryRequest request, std::string& out);
  Task<Outcome> Run(HistoryRemoveRequest request, std::string& out);
  Task<Outcome> Run(ChannelsRequest request, std::string& out);
  Task<Outcome> Run(InfoRequest request, std::string& out);
  Task<Outcome> Run(RpcRequest request, std::string& out);

  void ReplaceSettings(std::shared_ptr<const ApiSettings> settings) { settings_ = std::move(settings); }
  const ApiSettings& settings() const { return *settings_; }

 private:
  // What the settings say of the channel, now: not to be kept across a suspension.
  std::expected<channels::Channel, ErrorCode> Find(std::string_view channel) const;

  ApiServices services_;
  std::shared_ptr<const ApiSettings> settings_;
};

}  // namespace tidemill::api
