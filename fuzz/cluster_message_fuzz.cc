// links: cluster
// Reading a control message never crashes; what was read is written and read again as the same, within the
// limits that the sessions rely on.

#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cluster/decode.h"
#include "cluster/encode.h"

namespace {

using namespace tidemill::cluster;

void CheckDisconnect(const tidemill::control::Disconnect& disconnect) {
  TM_ASSERT(disconnect.code >= 3000 && disconnect.code <= 4999);
  TM_ASSERT(disconnect.reason.size() <= 123);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = Decode({reinterpret_cast<const char*>(data), size});
  if (!read || !*read) return 0;
  const Message& message = **read;
  TM_ASSERT(!message.from.value().empty() && message.from.value().size() <= 64);
  if (const auto* command = std::get_if<Command>(&message.body)) {
    TM_ASSERT(command->id != 0);
    if (const auto* disconnect = std::get_if<tidemill::control::Disconnect>(&command->action)) {
      CheckDisconnect(*disconnect);
    }
  }
  const std::string text = Encode(message);
  TM_ASSERT(tidemill::IsUtf8(text) && tidemill::IsJsonObject(text));
  const auto again = Decode(text);
  if (!again) return 0;  // escapes made it longer than the limit
  TM_ASSERT(again->has_value() && **again == message);
  return 0;
}
