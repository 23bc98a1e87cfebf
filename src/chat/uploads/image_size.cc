#include "chat/uploads/image_size.h"

#include <cstddef>

namespace tidemill::chat {
namespace {

constexpr std::int64_t kSideMax = 16'384;
constexpr std::int64_t kPixelsMax = 64'000'000;

enum class Order { kBig, kLittle };

// 0 where there are not so many bytes.
std::int64_t NumberAt(std::string_view bytes, std::size_t at, std::size_t length, Order order) {
  if (bytes.size() < length || at > bytes.size() - length) return 0;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t place = order == Order::kBig ? at + i : at + length - 1 - i;
    value = value << 8 | static_cast<unsigned char>(bytes[place]);
  }
  return value;
}

std::int64_t BigAt(std::string_view bytes, std::size_t at, std::size_t length) {
  return NumberAt(bytes, at, length, Order::kBig);
}
std::int64_t LittleAt(std::string_view bytes, std::size_t at, std::size_t length) {
  return NumberAt(bytes, at, length, Order::kLittle);
}

std::optional<ImageSize> Checked(ImageSize size) {
  const bool is_good = size.width > 0 && size.height > 0 && size.width <= kSideMax &&
                       size.height <= kSideMax && size.width * size.height <= kPixelsMax;
  return is_good ? std::optional(size) : std::nullopt;
}

// C0 … CF but for tables and what is reserved (ITU T.81 table B.1).
bool BeginsFrame(std::int64_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

}  // namespace

// The first chunk is IHDR (PNG section 11.2.1).
std::optional<ImageSize> PngSize(std::string_view head) {
  if (head.size() < 24 || head.substr(12, 4) != "IHDR") return std::nullopt;
  return Checked({.width = BigAt(head, 16, 4), .height = BigAt(head, 20, 4)});
}

std::optional<ImageSize> GifSize(std::string_view head) {
  return Checked({.width = LittleAt(head, 6, 2), .height = LittleAt(head, 8, 2)});
}

// Segment by segment until a frame begins: each is at least two bytes, so this ends.
std::optional<ImageSize> JpegSize(std::string_view head) {
  std::size_t at = 2;
  while (at + 4 <= head.size()) {
    if (head[at] != '\xff') return std::nullopt;
    const std::int64_t marker = BigAt(head, at + 1, 1);
    if (marker == 0xff) {  // a byte that fills
      ++at;
      continue;
    }
    if (BeginsFrame(marker))
      return Checked({.width = BigAt(head, at + 7, 2), .height = BigAt(head, at + 5, 2)});
    const bool is_data = marker == 0xda || marker == 0xd9 || marker < 0xc0;
    const std::int64_t length = BigAt(head, at + 2, 2);
    if (is_data || length < 2) return std::nullopt;
    at += 2 + static_cast<std::size_t>(length);
  }
  return std::nullopt;
}

// RIFF, size, WEBP, and a first chunk of one of three kinds (RFC 9649).
std::optional<ImageSize> WebpSize(std::string_view head) {
  const std::string_view kind = head.size() < 30 ? "" : head.substr(12, 4);
  if (kind == "VP8X")
    return Checked({.width = LittleAt(head, 24, 3) + 1, .height = LittleAt(head, 27, 3) + 1});
  if (kind == "VP8 " && head.substr(23, 3) == "\x9d\x01\x2a") {
    return Checked({.width = LittleAt(head, 26, 2) & 0x3fff, .height = LittleAt(head, 28, 2) & 0x3fff});
  }
  if (kind == "VP8L" && head[20] == '\x2f') {
    const std::int64_t bits = LittleAt(head, 21, 4);
    return Checked({.width = (bits & 0x3fff) + 1, .height = (bits >> 14 & 0x3fff) + 1});
  }
  return std::nullopt;
}

}  // namespace tidemill::chat
