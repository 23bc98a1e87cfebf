// MapPublisher: the one way in for changes of map channels, and for reading their states; as Publisher is for
// streams.
//
// It finds the channel's rules, checks that it is a map and the data's format, chooses the settings, asks the
// broker, and gives the code that the asker is to see. It knows nobody: who may change or read is the
// caller's question (channels/permissions.h), which a service does not ask.
//
// One per loop, loop thread only; must outlive the tasks it gave. It follows a reload by ReplaceRules; a task
// uses the rules that held when it was begun.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/task.h"
#include "realtime/broker/map_broker.h"
#include "realtime/broker/publisher.h"

namespace tidemill::broker {

struct MapPublishCall {
  std::string channel;
  std::string key;
  std::string data;
  DataForm form = DataForm::kNone;
  protocol::Tags tags;
  std::optional<ClientInfo> info;  // of the client that publishes; absent: a service does
  std::int64_t score = 0;
  KeyCondition condition = KeyCondition::kNone;
  std::string idempotency_key;  // "": none
  std::uint64_t version = 0;    // 0: none
  std::string version_epoch;
  bool delta = false;  // as PublishCall::delta
  Surface surface = Surface::kService;
};

struct MapRemoveCall {
  std::string channel;
  std::string key;
  std::string idempotency_key;  // "": none
  Surface surface = Surface::kService;
};

struct MapStateCall {
  std::string channel;
  MapStateQuery query;
  Surface surface = Surface::kService;
};

class MapPublisher {
 public:
  MapPublisher(MapBroker& maps, Broker& broker, std::shared_ptr<const channels::Rules> rules)
      : maps_(maps), broker_(broker), rules_(std::move(rules)) {}
  MapPublisher(const MapPublisher&) = delete;
  MapPublisher& operator=(const MapPublisher&) = delete;

  void ReplaceRules(std::shared_ptr<const channels::Rules> rules) { rules_ = std::move(rules); }

  // All: kErrorBadRequest, the channel's name, or a channel that is no map; kErrorUnknownChannel; else as the
  // call of MapBroker or Broker (CodeOf). Publish: also kErrorMapFull, and kErrorBadRequest for data that are
  // absent or not in the channel's format; in the channels of presence (map_clients, map_users) there may be
  // none.
  Task<Answer<MapOutcome>> Publish(MapPublishCall call);
  Task<Answer<MapOutcome>> Remove(MapRemoveCall call);
  Task<Answer<MapPage>> ReadState(MapStateCall call);
  // kErrorNotAvailable: the channel keeps no stream.
  Task<Answer<HistoryOutcome>> ReadStream(HistoryCall call);
  Task<Answer<MapStats>> Stats(std::string channel);
  Task<Answer<void>> Clear(std::string channel);

 private:
  Answer<const channels::ChannelOptions*> Find(std::string_view channel) const;

  MapBroker& maps_;
  Broker& broker_;
  std::shared_ptr<const channels::Rules> rules_;
};

}  // namespace tidemill::broker
