#include "events/target.h"

namespace tidemill::events {

std::string BodyOf(const Batch& batch) {
  std::string body = R"({"events":[)";
  for (const BatchItem& item : batch.items) {
    if (body.back() != '[') body += ',';
    body += item.json;
  }
  body += "]}";
  return body;
}

}  // namespace tidemill::events
