#include "websocket/testing/client_frames.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace tidemill::websocket {
namespace {

constexpr std::string_view kTail("\0\0\xff\xff", 4);

Bytef* Input(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

void AppendBigEndian(std::uint64_t value, int bytes, std::string& out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

}  // namespace

std::string Encode(const ClientFrame& frame) {
  const auto length =
      frame.claimed_bytes < 0 ? frame.payload.size() : static_cast<std::uint64_t>(frame.claimed_bytes);
  const int shortest = length <= 125 ? 0 : length <= 0xffff ? 2 : 8;
  const int form = frame.length_bytes < 0 ? shortest : frame.length_bytes;
  const std::uint64_t short_length = form == 0 ? length : form == 2 ? 126 : 127;
  std::string out;
  out += static_cast<char>((frame.final ? 0x80u : 0u) | frame.reserved_bits << 4 | frame.opcode);
  out += static_cast<char>((frame.masked ? 0x80u : 0u) | short_length);
  AppendBigEndian(length, form, out);
  char mask[4] = {};
  if (frame.masked) {
    std::memcpy(mask, &frame.mask, 4);
    out.append(mask, 4);
  }
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    out += static_cast<char>(frame.payload[i] ^ mask[i % 4]);
  }
  return out;
}

std::string DeflateAsClient(std::string_view message) {
  z_stream stream{};
  TM_ASSERT(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, message.size()) + 64, '\0');
  stream.next_in = Input(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TM_ASSERT(deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (out.ends_with(kTail)) out.resize(out.size() - kTail.size());
  return out;
}

std::string InflateAsClient(std::initializer_list<std::string_view> messages, int window_bits) {
  z_stream stream{};
  TM_ASSERT(inflateInit2(&stream, -window_bits) == Z_OK);
  std::string out;
  for (const std::string_view message : messages) {
    std::string input(message);
    input += kTail;
    stream.next_in = Input(input);
    stream.avail_in = static_cast<uInt>(input.size());
    int status = Z_OK;
    do {
      char chunk[4096];
      stream.next_out = reinterpret_cast<Bytef*>(chunk);
      stream.avail_out = sizeof chunk;
      status = inflate(&stream, Z_SYNC_FLUSH);
      out.append(chunk, sizeof chunk - stream.avail_out);
    } while (status == Z_OK && stream.avail_out == 0);
    if (status != Z_OK && status != Z_BUF_ERROR) out += "<inflate failed>";
    out += '|';
  }
  inflateEnd(&stream);
  return out;
}

std::string Describe(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  const std::string payload(event.payload);
  const std::string code = std::to_string(static_cast<int>(event.code));
  switch (event.kind) {
    case Kind::kText: return "text(" + payload + ")";
    case Kind::kBinary: return "binary(" + payload + ")";
    case Kind::kPing: return "ping(" + payload + ")";
    case Kind::kPong: return "pong(" + payload + ")";
    case Kind::kClose: return "close(" + code + (payload.empty() ? "" : ", " + payload) + ")";
    case Kind::kError: return "error(" + code + ")";
  }
  return "?";
}

std::string Transcript(std::string bytes, const FrameLimits& limits, MessageInflater* inflater,
                       std::size_t piece_bytes, Peer peer) {
  FrameReader reader(limits, peer);
  std::string transcript;
  std::span<char> rest(bytes);
  while (!rest.empty()) {
    std::span<char> piece = rest.first(std::min(piece_bytes, rest.size()));
    rest = rest.subspan(piece.size());
    while (const auto event = reader.Next(piece, inflater)) {
      if (!transcript.empty()) transcript += ' ';
      transcript += Describe(*event);
    }
  }
  return transcript;
}

}  // namespace tidemill::websocket
