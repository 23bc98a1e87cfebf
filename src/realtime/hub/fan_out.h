// FanOut: sends what the logs of some groups hold to all who are subscribed to them, in slices of turns.
//
// What the logs held when it began is their flush: the same for all, however many turns it takes. Who comes
// meanwhile gets nothing of it. Each session is written once, with what all the groups have for it.
//
// Loop thread only. The hub has one, and ends the groups' flushes.
#pragma once

#include <cstddef>
#include <vector>

#include "net/turn_slice.h"
#include "realtime/hub/outbox.h"

namespace tidemill::hub {

struct FormGroup;
struct HubMetrics;

class FanOut {
 public:
  explicit FanOut(HubMetrics& metrics) : metrics_(metrics) {}
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  // One group that is in no fan-out and has few subscribers, at once.
  void SendAtOnce(FormGroup& group);

  // Takes the groups: `groups` is empty then. None is running.
  void Begin(std::vector<FormGroup*>& groups);
  bool running() const { return !groups_.empty(); }
  // Whether all have been sent their share. When the slice is over before, the rest is for the next call.
  bool Continue(net::TurnSlice& slice);
  const std::vector<FormGroup*>& groups() const { return groups_; }
  // After the last of it.
  void End();

  // A subscription of `outbox` has been dropped: if it was the last, the outbox may be gone soon.
  void Forget(Outbox& outbox);

 private:
  void BeginFlush(FormGroup& group);
  bool SendGroup(FormGroup& group, net::TurnSlice* slice);
  bool ListOutboxes(const net::TurnSlice& slice);
  bool SendToOutboxes(net::TurnSlice& slice);

  HubMetrics& metrics_;
  std::vector<FormGroup*> groups_;
  // Of several groups: those with something pending, the first `sent_` done; null: forgotten.
  std::vector<Outbox*> outboxes_;
  std::size_t listed_ = 0;  // so many groups' subscriptions are pending in their outboxes
  std::size_t sent_ = 0;
};

}  // namespace tidemill::hub
