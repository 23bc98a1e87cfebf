// FormGroup: the subscriptions of one channel that share a form, and their log. Private to hub/.
#pragma once

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
  bool dirty = false;  // has frames of this turn
  FrameLog log;
  std::vector<Subscription*> subscriptions;
};

}  // namespace tidemill::hub
