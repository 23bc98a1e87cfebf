// FormGroup: the subscriptions of one channel that share a form, and their log. Private to hub/.
//
// There may be a million channels with one subscription each: what one needs is kept small, and the list of
// its subscriptions allocates nothing while it holds one.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "realtime/hub/frame_log.h"
#include "realtime/hub/hub.h"

namespace tidemill::hub {

// Where the last publication stands in the log of a group whose subscribers are moved by it: to the group
// that follows deltas, or on to that publication when they do not keep up.
struct LastPublication {
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  std::uint64_t position = kNowhere;
  // Of deltas, when the flush began: that, and the end of the log of the group that follows them.
  std::uint64_t flushed = kNowhere;
  std::uint64_t follow_at = kNowhere;
  // Of those who do not keep up: how often it became what comes next for one.
  std::uint64_t moved_on = 0;
};

struct FormGroup {
  FormGroup(HubChannels::value_type& c, Form f, SegmentPool& pool) : channel(&c), form(f), log(pool) {
    if (awaits_deltas() || form.conflated) last = std::make_unique<LastPublication>();
  }

  HubChannels::value_type* channel;
  std::unique_ptr<FormGroup> next;  // of the same channel
  Form form;
  bool dirty = false;         // has frames that no fan-out has taken
  bool in_fan_out = false;    // it is being sent what its log's flush holds
  std::uint32_t reached = 0;  // so many of `subscriptions`, the first, have been reached by the fan-out
  FrameLog log;
  absl::InlinedVector<Subscription*, 1> subscriptions;
  std::unique_ptr<LastPublication> last;  // null: nobody is moved by it

  bool awaits_deltas() const { return form.deltas == Deltas::kAwaited; }
  void Add(Subscription& subscription);
  void Remove(const Subscription& subscription);
  void BeginFlush();
  // The group of the channel that its subscribers belong to who have had a publication; null: there is none.
  FormGroup* Following() const;
};

}  // namespace tidemill::hub
