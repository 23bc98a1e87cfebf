// Publisher: the one way in for publications, and for reading what channels keep: history and presence.
//
// It finds the channel's rules, checks the data's format once, chooses the stream's settings, fills the
// Publication, asks the broker, and gives the code that the asker is to see. It knows nobody: who may
// publish or read is the caller's question (channels/permissions.h), which a service does not ask.
//
// One per loop, loop thread only; must outlive the tasks it gave. It follows a reload by ReplaceRules; a task
// uses the rules that held when it was begun.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/data_form.h"
#include "realtime/broker/error_codes.h"
#include "realtime/broker/presence.h"
#include "realtime/channels/rules.h"

namespace tidemill::broker {

struct PublishCall {
  std::string channel;
  std::string data;
  DataForm form = DataForm::kNone;
  protocol::Tags tags;
  std::optional<ClientInfo> info;  // of the client that publishes; absent: a service does
  std::string idempotency_key;     // "": none
  std::uint64_t version = 0;       // 0: none
  std::string version_epoch;
  bool skip_history = false;  // only those who are subscribed now get it
  bool delta = false;         // who takes deltas may be sent one; as every one where delta_publish is on
  Surface surface = Surface::kService;
};

struct HistoryCall {
  std::string channel;
  HistoryQuery query;
  Surface surface = Surface::kService;
};

// Either of the presence calls.
struct PresenceCall {
  std::string channel;
  Surface surface = Surface::kService;
};

// A publication that the rules of its channel allow, as the broker takes it. A value: it may wait for a
// permission that comes from elsewhere, or for a commit.
struct Admitted {
  ChannelName channel;
  Publication publication;
  PublishOptions options;
  Surface surface = Surface::kService;
};

template <class T>
using Answer = std::expected<T, protocol::ErrorCode>;

// Who counts what is published.
class PublishUsage {
 public:
  // One was admitted, of so many bytes.
  virtual void OnPublication(std::string_view name_space, std::size_t bytes) = 0;

 protected:
  ~PublishUsage() = default;
};

class Publisher {
 public:
  Publisher(Broker& broker, PresenceStore& presence, std::shared_ptr<const channels::Rules> rules)
      : broker_(broker), presence_(presence), rules_(std::move(rules)) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Before the loop runs; outlives the calls.
  void SetUsage(PublishUsage& usage) { usage_ = &usage; }
  void ReplaceRules(std::shared_ptr<const channels::Rules> rules) { rules_ = std::move(rules); }
  // Those that hold now: not to be kept across a suspension.
  const channels::Rules& rules() const { return *rules_; }

  // Everything but the broker. kErrorBadRequest: the channel's name, or data that are absent or not in the
  // channel's format (channels::ChannelOptions::publication_data_format), or a map channel;
  // kErrorUnknownChannel.
  Answer<Admitted> Admit(PublishCall&& call) const;
  // The same for a caller that has found `channel`, by rules that still live, to ask for the permission.
  Answer<Admitted> Admit(const channels::Channel& channel, PublishCall&& call) const;

  // Fails as Admit and Broker::Publish do (CodeOf). A call is admitted at once, not when its task starts.
  Task<Answer<PublishOutcome>> Publish(PublishCall&& call);
  Task<Answer<PublishOutcome>> Publish(Admitted&& admitted);

  // kErrorNotAvailable: the channel keeps no stream. Otherwise as Broker::History and RemoveHistory.
  Task<Answer<HistoryOutcome>> History(HistoryCall call);
  Task<Answer<void>> RemoveHistory(std::string channel);

  // kErrorNotAvailable: the channel has no presence. Otherwise as PresenceStore::Get and Stats.
  Task<Answer<std::vector<ClientInfoPtr>>> Presence(PresenceCall call);
  Task<Answer<PresenceStats>> PresenceCounts(PresenceCall call);

 private:
  Answer<StreamSettings> StreamOf(std::string_view channel) const;
  Answer<void> CheckPresence(std::string_view channel) const;

  Broker& broker_;
  PresenceStore& presence_;
  std::shared_ptr<const channels::Rules> rules_;
  PublishUsage* usage_ = nullptr;  // null: nobody counts
};

}  // namespace tidemill::broker
