// links: delta delta_testing
// Any two payloads: the delta of one to the other makes the other of it, is smaller than it, and is text
// where it is; and no delta at all makes whoever applies it do wrong.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "realtime/delta/fossil.h"
#include "realtime/delta/testing/apply_delta.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = (std::size_t{data[0]} * 256 + data[1]) % (size - 1);
  const std::string_view source = all.substr(2, cut);
  const std::string_view target = all.substr(2 + source.size());
  static delta::FossilEncoder encoder;
  if (const auto made = encoder.Encode(source, target)) {
    if (made->size() >= target.size()) std::abort();
    const auto applied = delta::ApplyFossil(source, *made);
    if (!applied || *applied != target) std::abort();
    if (IsUtf8(target) && !IsUtf8(*made)) std::abort();
  }
  (void)delta::ApplyFossil(source, target);
  return 0;
}
