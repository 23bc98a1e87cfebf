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

// Of a group that deltas are awaited in: where its subscribers go on.
struct Awaited {
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  std::uint64_t publication = kNowhere;  // log position of the last one
  // When its flush began: that, and the end of the log of the group that follows deltas.
  std::uint64_t flushed_publication = kNowhere;
  std::uint64_t follow_at = kNowhere;
};

// Of a group whose subscribers are moved on when they do not keep up.
struct Conflated {
  std::uint64_t newest = 0;    // log position of the last publication
  std::uint64_t moved_on = 0;  // how often that became what comes next for a subscriber
};

struct FormGroup {
  FormGroup(HubChannels::value_type& c, Form f, SegmentPool& pool) : channel(&c), form(f), log(pool) {
    if (form.deltas == Deltas::kAwaited) awaited = std::make_unique<Awaited>();
    if (form.conflated) conflated = std::make_unique<Conflated>();
  }

  HubChannels::value_type* channel;
  std::unique_ptr<FormGroup> next;  // of the same channel
  Form form;
  bool dirty = false;         // has frames that no fan-out has taken
  bool in_fan_out = false;    // it is being sent what its log's flush holds
  std::uint32_t reached = 0;  // so many of `subscriptions`, the first, have been reached by the fan-out
  FrameLog log;
  absl::InlinedVector<Subscription*, 1> subscriptions;
  std::unique_ptr<Awaited> awaited;      // null: nothing is
  std::unique_ptr<Conflated> conflated;  // null: its form is not

  void Add(Subscription& subscription);
  void Remove(const Subscription& subscription);
  void BeginFlush();
  // The group of the channel that its subscribers belong to who have had a publication; null: there is none.
  FormGroup* Following() const;
};

}  // namespace tidemill::hub
