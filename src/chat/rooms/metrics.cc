#include "chat/rooms/metrics.h"

namespace tidemill::chat {

RoomMetrics::RoomMetrics(metrics::Registry& registry)
    : messages(registry.AddCounter("tidemill_chat_messages_total", "Messages that were committed.")),
      repeated(registry.AddCounter("tidemill_chat_messages_repeated_total",
                                   "Sends that had been committed before under the same client_msg_id.")),
      batches(registry.AddCounter("tidemill_chat_batches_total",
                                  "Transactions that messages were committed in.")),
      batch_size(registry.AddHistogram("tidemill_chat_batch_size", "Messages of one transaction.",
                                       {1, 2, 4, 8, 16, 32, 64})),
      queue_full(registry.AddCounter("tidemill_chat_room_queue_full_total",
                                     "Writes that were refused: too many waited for their room.")),
      doubts(registry.AddCounter("tidemill_chat_doubtful_writes_total",
                                 "Writes whose commit was not answered; the room was read anew after each.")),
      visitors_full(registry.AddCounter("tidemill_chat_visitors_full_total",
                                        "Who were refused to follow a room that they are not in: "
                                        "10,000 others did already.")),
      open_rooms(registry.AddGauge("tidemill_chat_open_rooms", "Rooms that are kept in memory.")),
      waiting(registry.AddGauge("tidemill_chat_waiting_writes", "Writes that wait for their room.")) {}

}  // namespace tidemill::chat
