// links: broker
// What nodes say to each other through Redis about a channel: any bytes are read or refused; what was read
// and is written again is read as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "realtime/broker/redis/record.h"

namespace {

using namespace tidemill::broker;
using namespace tidemill::broker::redis_broker;

void CheckSame(const Publication& publication) {
  const auto again = DecodePublication(EncodePublication(publication));
  TM_ASSERT(again.has_value());
  Publication expected = publication;
  expected.offset = 0;
  TM_ASSERT(*again == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = DecodeMessage({reinterpret_cast<const char*>(data), size});
  if (!message) return 0;
  if (const auto* publication = std::get_if<PublicationMessage>(&*message))
    CheckSame(publication->publication);
  if (const auto* join = std::get_if<JoinMessage>(&*message)) {
    TM_ASSERT(DecodeClientInfo(EncodeClientInfo(join->info)) == join->info);
  }
  return 0;
}
