#include "chat/api/metrics.h"

#include <string>

namespace tidemill::chat {

ApiMetrics::ApiMetrics(metrics::Registry& registry)
    : calls(registry.AddCounter("tidemill_chat_calls_total", "Calls of operations of chat.")) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Code::kInternal); ++i) {
    refused.at(i) = &registry.AddCounter("tidemill_chat_refused_total", "Calls that were refused, by reason.",
                                         {{"reason", std::string(Name(static_cast<Code>(i)))}});
  }
}

void ApiMetrics::Count(const Outcome<Answer>& answer) {
  calls.Add();
  if (answer) return;
  if (metrics::Counter* const counter = refused.at(static_cast<std::size_t>(answer.error().code)))
    counter->Add();
}

}  // namespace tidemill::chat
