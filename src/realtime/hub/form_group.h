// FormGroup: the subscriptions of one channel that share a form, and their log. Private to hub/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "realtime/hub/frame_log.h"
#include "realtime/hub/hub.h"

namespace tidemill::hub {

struct FormGroup {
  FormGroup(HubChannel& c, Form f, SegmentPool& pool) : channel(&c), form(f), log(pool) {}

  HubChannel* channel;
  std::unique_ptr<FormGroup> next;  // of the same channel
  Form form;
  bool dirty = false;       // has frames that no fan-out has taken
  bool in_fan_out = false;  // it is being sent what its log's flush holds
  FrameLog log;
  std::vector<Subscription*> subscriptions;
  std::size_t reached = 0;  // so many of them, the first, have been reached by the fan-out

  void Remove(const Subscription& subscription);
};

}  // namespace tidemill::hub
