#include "websocket/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"

namespace tidemill::websocket {
namespace {

// What each message ends with before it is sent (RFC 7692 section 7.2.1).
constexpr std::string_view kTail("\0\0\xff\xff", 4);
constexpr int kWindowBitsMin = 9;
constexpr int kWindowBitsMax = 15;

// RFC 7692 section 7.1.2: 8 to 15, no leading zero.
std::optional<int> ParseWindowBits(std::string_view text) {
  if (text == "8" || text == "9") return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + text[1] - '0';
  return std::nullopt;
}

// Whether the offer can be kept, and with what.
std::optional<DeflateParameters> Accept(const ExtensionOffer& offer, int window_bits_min,
                                        bool& limits_window) {
  DeflateParameters accepted;
  limits_window = false;
  for (std::size_t i = 0; i < offer.parameters.size(); ++i) {
    const auto& [name, value] = offer.parameters[i];
    const auto same = [&](const ExtensionParameter& other) { return other.name == name; };
    if (std::ranges::count_if(offer.parameters, same) > 1) return std::nullopt;
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (value) return std::nullopt;
    } else if (name == "client_max_window_bits") {
      if (value && !ParseWindowBits(*value)) return std::nullopt;
    } else if (name == "server_max_window_bits") {
      const auto bits = value ? ParseWindowBits(*value) : std::nullopt;
      if (!bits || *bits < window_bits_min) return std::nullopt;
      accepted.server_max_window_bits = *bits;
      limits_window = true;
    } else {
      return std::nullopt;
    }
  }
  return accepted;
}

// zlib's next_in is not const in older versions, but is never written through.
Bytef* ZlibInput(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

class Decompressor {
 public:
  Decompressor() { TM_ASSERT(inflateInit2(&stream_, -kWindowBitsMax) == Z_OK); }
  ~Decompressor() { inflateEnd(&stream_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  Result<void> Inflate(std::string_view compressed, std::size_t bytes_max, std::string& out) {
    if (compressed.empty()) return {};  // not what section 7.2.1 makes of an empty message, but sent by some
    inflateReset(&stream_);
    TM_TRY(Take(compressed, bytes_max, out));
    TM_TRY(Take(kTail, bytes_max, out));
    // zlib.h: 128 is set between two blocks, the low bits count what is left of the last byte.
    const bool ended_between_blocks = (stream_.data_type & 128) != 0 && (stream_.data_type & 63) == 0;
    if (!ended_between_blocks) return Fail(Errc::kInvalidArgument, "compressed message is cut");
    return {};
  }

 private:
  Result<void> Take(std::string_view piece, std::size_t bytes_max, std::string& out) {
    stream_.next_in = ZlibInput(piece);
    stream_.avail_in = static_cast<uInt>(piece.size());
    for (;;) {
      const std::size_t room = std::min(kStepBytes, bytes_max + 1 - out.size());
      const int status = Step(room, out);
      if (out.size() > bytes_max) return Fail(Errc::kLimitExceeded, "inflated message over its limit");
      if (status == Z_STREAM_END) {
        // A block with BFINAL set (section 7.2.3.4): what follows is a stream of its own.
        inflateReset(&stream_);
        if (stream_.avail_in == 0) return {};
      } else if (status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_out > 0)) {
        return {};  // all input is used and all output is out
      } else if (status != Z_OK) {
        return Fail(Errc::kInvalidArgument, stream_.msg != nullptr ? stream_.msg : "bad deflate data");
      }
    }
  }

  // Inflates at most `room` bytes onto the end of `out`.
  int Step(std::size_t room, std::string& out) {
    const std::size_t before = out.size();
    int status = Z_OK;
    out.resize_and_overwrite(before + room, [&](char* data, std::size_t) {
      stream_.next_out = reinterpret_cast<Bytef*>(data + before);
      stream_.avail_out = static_cast<uInt>(room);
      status = inflate(&stream_, Z_SYNC_FLUSH);
      return before + room - stream_.avail_out;
    });
    return status;
  }

  static constexpr std::size_t kStepBytes = 16 * 1024;

  z_stream stream_{};
};

class ThreadInflater final : public MessageInflater {
 public:
  Result<void> Inflate(std::string_view compressed, std::size_t bytes_max, std::string& out) override {
    thread_local Decompressor decompressor;
    return decompressor.Inflate(compressed, bytes_max, out);
  }
};

class Compressor {
 public:
  explicit Compressor(int window_bits) {
    // The hash table has as many entries as the window has bytes: clearing it is most of a small message's
    // cost.
    const int memory_level = window_bits - 7;
    TM_ASSERT(deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, -window_bits, memory_level,
                           Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Compressor() { deflateEnd(&stream_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Fills at most `room` bytes; 0 when that is not enough.
  std::size_t Deflate(std::string_view message, char* out, std::size_t room) {
    deflateReset(&stream_);
    stream_.next_in = ZlibInput(message);
    stream_.avail_in = static_cast<uInt>(message.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    const int status = deflate(&stream_, Z_SYNC_FLUSH);
    TM_ASSERT(status == Z_OK);
    return stream_.avail_out == 0 ? 0 : room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
};

// The smallest window in which the whole message can refer to itself; a smaller one than agreed on is fine.
int WindowFor(std::size_t message_bytes, int window_bits) {
  constexpr std::size_t kLookahead = 262;  // zlib's matches reach back this much less than the window
  return std::clamp(static_cast<int>(std::bit_width(message_bytes + kLookahead)), kWindowBitsMin,
                    window_bits);
}

}  // namespace

std::optional<DeflateParameters> NegotiateDeflate(std::span<const ExtensionOffer> offers, int window_bits_min,
                                                  std::string& response) {
  TM_ASSERT(window_bits_min >= kWindowBitsMin);
  for (const ExtensionOffer& offer : offers) {
    if (offer.name != "permessage-deflate") continue;
    bool limits_window = false;
    const auto accepted = Accept(offer, window_bits_min, limits_window);
    if (!accepted) continue;
    response = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    if (limits_window) {
      response += "; server_max_window_bits=" + std::to_string(accepted->server_max_window_bits);
    }
    return accepted;
  }
  return std::nullopt;
}

std::unique_ptr<MessageInflater> MessageInflater::Make(const DeflateParameters&) {
  return std::make_unique<ThreadInflater>();
}

std::optional<std::string> DeflateMessage(std::string_view message, int window_bits) {
  TM_ASSERT(window_bits >= kWindowBitsMin && window_bits <= kWindowBitsMax);
  thread_local std::array<std::unique_ptr<Compressor>, kWindowBitsMax + 1> compressors;
  const int window = WindowFor(message.size(), window_bits);
  auto& compressor = compressors[static_cast<std::size_t>(window)];
  if (!compressor) compressor = std::make_unique<Compressor>(window);

  std::string compressed;
  // One byte more than fits, so that a full buffer means "not smaller".
  compressed.resize_and_overwrite(message.size() + kTail.size(), [&](char* out, std::size_t room) {
    return compressor->Deflate(message, out, room);
  });
  if (compressed.empty()) return std::nullopt;
  TM_ASSERT(compressed.ends_with(kTail));
  compressed.resize(compressed.size() - kTail.size());
  return compressed;
}

}  // namespace tidemill::websocket
