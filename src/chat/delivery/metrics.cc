#include "chat/delivery/metrics.h"

namespace tidemill::chat {

DeliveryMetrics::DeliveryMetrics(metrics::Registry& registry)
    : published(
          registry.AddCounter("tidemill_chat_events_published_total", "Events in the channels of chat.")),
      dropped(registry.AddCounter("tidemill_chat_events_dropped_total",
                                  "Events that were not published: the broker failed, or too many waited for "
                                  "it. A client sees the gap "
                                  "in a room by its version.")),
      activity_sent(registry.AddCounter("tidemill_chat_activity_sent_total",
                                        "Events room.activity, each to one user.")),
      activity_coalesced(registry.AddCounter("tidemill_chat_activity_coalesced_total",
                                             "Messages whose room.activity a later one stood for.")),
      typing_dropped(registry.AddCounter("tidemill_chat_typing_dropped_total",
                                         "Signs of typing that were too many for their room or user.")),
      presence_coalesced(
          registry.AddCounter("tidemill_chat_presence_coalesced_total",
                              "Changes of presence that a later one of the same user stood for.")) {}

}  // namespace tidemill::chat
