#include "chat/operations/later_metrics.h"

namespace tidemill::chat {

LaterMetrics::LaterMetrics(metrics::Registry& registry)
    : sent(registry.AddCounter("tidemill_chat_scheduled_sent_total", "Scheduled messages that were sent.")),
      refused(registry.AddCounter("tidemill_chat_scheduled_refused_total",
                                  "Scheduled messages that their author might not send at their time.")),
      reminders(registry.AddCounter("tidemill_chat_reminders_total", "Reminders that were told.")) {}

}  // namespace tidemill::chat
