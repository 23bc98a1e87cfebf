// links: net
// A PROXY header never crashes its parser; it lies within what was given, and any part of it asks for more or
// is refused: where a header ends does not depend on how its bytes arrive.
#include <cstdint>

#include "base/assert.h"
#include "net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::net;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = ParseProxyHeader(input);
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    const auto part = ParseProxyHeader(input.substr(0, cut));
    if (!part) {
      TM_ASSERT(!whole);
      break;
    }
    if (!*part) continue;
    TM_ASSERT(whole && *whole && (*whole)->bytes == (*part)->bytes && (*whole)->client == (*part)->client);
    TM_ASSERT((*part)->bytes <= cut);
    break;
  }
  if (!whole || !*whole) return 0;
  TM_ASSERT((*whole)->bytes <= input.size() && (*whole)->bytes <= kProxyHeaderBytesMax);
  TM_ASSERT(!(*whole)->client || (*whole)->client->ToString() != "unix");
  return 0;
}
