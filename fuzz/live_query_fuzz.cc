// links: live_queries base
//
// Any bytes as the channel of a live query and as a snapshot of PostgreSQL: a name that is taken is written
// as it was given, the spelling that a refusal names is taken, and a snapshot says what its text says.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "queries/live/name.h"
#include "queries/live/snapshot.h"

namespace tidemill::queries::live {
namespace {

constexpr std::string_view kNameSpace = "live";

void CheckName(std::string_view text) {
  const std::string channel = std::string(kNameSpace) + ":" + std::string(text);
  const auto name = ParseName(channel, kNameSpace);
  if (name) {
    TM_ASSERT(WriteName(*name, kNameSpace) == channel);
    TM_ASSERT(name->path.starts_with('/') && !name->path.contains('?'));
    TM_ASSERT(!name->user || (!name->user->empty() && !name->user->contains(',')));
    return;
  }
  constexpr std::string_view kSpelled = "spelled: ";
  if (const std::size_t at = name.error().find(kSpelled); at != std::string::npos) {
    TM_ASSERT(ParseName(name.error().substr(at + kSpelled.size()), kNameSpace).has_value());
  }
}

void CheckSnapshot(std::string_view text) {
  const auto snapshot = Snapshot::Parse(text);
  if (!snapshot) return;
  TM_ASSERT(snapshot->text == text);
  std::string again = std::to_string(snapshot->xmin) + ":" + std::to_string(snapshot->xmax) + ":";
  for (const std::string& each : snapshot->RunningTexts()) {
    if (!again.ends_with(':')) again += ',';
    again += each;
  }
  const auto same = Snapshot::Parse(again);
  TM_ASSERT(same && same->xmin == snapshot->xmin && same->xmax == snapshot->xmax);
  TM_ASSERT(same->running == snapshot->running);
}

}  // namespace
}  // namespace tidemill::queries::live

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::queries::live;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckName(text);
  CheckSnapshot(text);
  return 0;
}
