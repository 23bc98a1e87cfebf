// links: websocket
// FrameReader: however the peer's bytes are cut into reads, the events are the same, and nothing is held over
// the limits. Byte 0: inflater on or off, a client's frames or a server's; byte 1: where the cuts fall; the
// rest is what the peer sends.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "websocket/deflate.h"
#include "websocket/frame.h"

namespace {

using tidemill::websocket::CloseCode;
using tidemill::websocket::FrameLimits;
using tidemill::websocket::FrameReader;
using tidemill::websocket::MessageInflater;
using tidemill::websocket::Peer;

constexpr FrameLimits kLimits{.message_bytes_max = 4096, .fragments_max = 8};

struct Seen {
  FrameReader::Event::Kind kind;
  CloseCode code;
  std::string payload;
  friend bool operator==(const Seen&, const Seen&) = default;
};

void Check(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  const bool is_message = event.kind == Kind::kText || event.kind == Kind::kBinary;
  TM_ASSERT(event.payload.size() <= (is_message ? kLimits.message_bytes_max : 125));
  if (event.kind == Kind::kText || event.kind == Kind::kClose) TM_ASSERT(tidemill::IsUtf8(event.payload));
  if (event.kind == Kind::kError) TM_ASSERT(event.error != nullptr && event.code != CloseCode::kNoStatus);
}

// `seed` 0: all at once.
std::vector<Seen> Read(std::string bytes, Peer peer, MessageInflater* inflater, std::uint32_t seed) {
  FrameReader reader(kLimits, peer);
  std::vector<Seen> events;
  std::span<char> rest(bytes);
  while (!rest.empty()) {
    std::size_t take = rest.size();
    if (seed != 0) {
      seed = seed * 1664525 + 1013904223;
      take = std::min<std::size_t>(take, 1 + (seed >> 24) % 23);
    }
    std::span<char> piece = rest.first(take);
    rest = rest.subspan(take);
    while (const auto event = reader.Next(piece, inflater)) {
      Check(*event);
      events.push_back({event->kind, event->code, std::string(event->payload)});
    }
    TM_ASSERT(piece.empty());
    TM_ASSERT(reader.held_bytes() <= 4 * kLimits.message_bytes_max);
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto inflater = (data[0] & 1) != 0 ? MessageInflater::Make({}) : nullptr;
  const Peer peer = (data[0] & 2) != 0 ? Peer::kServer : Peer::kClient;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = Read(bytes, peer, inflater.get(), 0);
  TM_ASSERT(whole == Read(bytes, peer, inflater.get(), data[1] + 1u));
  return 0;
}
