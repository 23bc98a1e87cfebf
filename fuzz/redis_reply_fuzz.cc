// links: redis
// What a Redis server might send: no crash, and the same replies however the bytes are cut into pieces.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "redis/cluster/slot_map.h"
#include "redis/connection/reply_reader.h"

namespace {

using tidemill::redis::Endpoint;
using tidemill::redis::Redirection;
using tidemill::redis::Reply;
using tidemill::redis::ReplyReader;
using tidemill::redis::SlotMap;

constexpr std::size_t kReplyBytesMax = 1 << 20;

struct Outcome {
  std::vector<Reply> replies;
  bool refused = false;
};

Outcome Read(std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  ReplyReader reader(kReplyBytesMax);
  while (!bytes.empty()) {
    if (!reader.Feed(bytes.substr(0, piece))) {
      outcome.refused = true;
      return outcome;
    }
    bytes.remove_prefix(bytes.size() < piece ? bytes.size() : piece);
    while (true) {
      auto reply = reader.Next();
      if (!reply) {
        outcome.refused = true;
        return outcome;
      }
      if (!*reply) break;
      outcome.replies.push_back(**std::move(reply));
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Read(bytes, bytes.size() + 1);
  const Outcome pieces = Read(bytes, 1 + data[0]);
  TM_ASSERT(whole.refused == pieces.refused);
  TM_ASSERT(whole.replies == pieces.replies);
  for (const Reply& reply : whole.replies) {
    (void)ToString(reply);
    if (auto map = SlotMap::Parse(reply, Endpoint{.host = "h"})) {
      TM_ASSERT(map->Primaries().size() <= tidemill::redis::kSlots);
    }
    if (reply.is_error()) (void)Redirection::Parse(reply.text, Endpoint{.host = "h"});
  }
  return 0;
}
