// ChannelSink: entries become publications, each once where the broker remembers its idempotency key.
#pragma once

#include <string>

#include "base/result.h"
#include "outbox/sink.h"
#include "realtime/broker/publisher.h"

namespace tidemill::outbox {

class ChannelSink final : public Sink {
 public:
  // Of the relay's loop; outlives it.
  explicit ChannelSink(broker::Publisher& publisher) : publisher_(publisher) {}

  std::string_view name() const override { return "channel"; }
  Task<Delivery> Send(const Entry& entry) override;

 private:
  broker::Publisher& publisher_;
};

// An entry's options, as publish of the SQL functions writes them: tags, idempotency_key, version,
// version_epoch, skip_history. kInvalidArgument: they are no such object.
Result<> ReadChannelOptions(const std::string& text, broker::PublishCall& call);

// Of an entry that has none of its own: "outbox-17-1795815300000". With the time, as ids begin anew in a
// database that was made anew.
std::string IdempotencyKeyOf(const Entry& entry);

}  // namespace tidemill::outbox
