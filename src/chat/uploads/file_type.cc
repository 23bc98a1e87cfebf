#include "chat/uploads/file_type.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "chat/uploads/image_size.h"

namespace tidemill::chat {
namespace {

using SizeOf = std::optional<ImageSize> (*)(std::string_view head);

// The first that fits: `start` at the beginning, `inner` at `inner_at`.
struct Signature {
  std::string_view type;
  std::string_view start;
  std::string_view inner;
  std::size_t inner_at = 0;
  SizeOf size = nullptr;  // not null: an image, which it is only with a size
};

using namespace std::string_view_literals;

constexpr Signature kSignatures[] = {
    {.type = "image/png", .start = "\x89PNG\r\n\x1a\n"sv, .inner = "", .size = PngSize},
    {.type = "image/jpeg", .start = "\xff\xd8\xff"sv, .inner = "", .size = JpegSize},
    {.type = "image/gif", .start = "GIF87a"sv, .inner = "", .size = GifSize},
    {.type = "image/gif", .start = "GIF89a"sv, .inner = "", .size = GifSize},
    {.type = "image/webp", .start = "RIFF"sv, .inner = "WEBP"sv, .inner_at = 8, .size = WebpSize},
    {.type = "audio/wav", .start = "RIFF"sv, .inner = "WAVE"sv, .inner_at = 8},
    {.type = "application/pdf", .start = "%PDF-"sv, .inner = ""},
    {.type = "image/heic", .start = "\0\0\0"sv, .inner = "ftyphei"sv, .inner_at = 4},
    {.type = "image/avif", .start = "\0\0\0"sv, .inner = "ftypavif"sv, .inner_at = 4},
    {.type = "audio/mp4", .start = "\0\0\0"sv, .inner = "ftypM4A"sv, .inner_at = 4},
    {.type = "video/quicktime", .start = "\0\0\0"sv, .inner = "ftypqt"sv, .inner_at = 4},
    {.type = "video/mp4", .start = "\0\0\0"sv, .inner = "ftyp"sv, .inner_at = 4},
    {.type = "video/webm", .start = "\x1a\x45\xdf\xa3"sv, .inner = ""},
    {.type = "audio/mpeg", .start = "ID3"sv, .inner = ""},
    {.type = "audio/mpeg", .start = "\xff\xfb"sv, .inner = ""},
    {.type = "audio/mpeg", .start = "\xff\xf3"sv, .inner = ""},
    {.type = "audio/ogg", .start = "OggS"sv, .inner = ""},
    {.type = "audio/flac", .start = "fLaC"sv, .inner = ""},
    {.type = "application/zip", .start = "PK\x03\x04"sv, .inner = ""},
    {.type = "application/zip", .start = "PK\x05\x06"sv, .inner = ""},
    {.type = "application/gzip", .start = "\x1f\x8b\x08"sv, .inner = ""},
    {.type = "application/x-7z-compressed", .start = "7z\xbc\xaf\x27\x1c"sv, .inner = ""},
};

bool Fits(const Signature& signature, std::string_view head) {
  return head.starts_with(signature.start) && head.size() >= signature.inner_at &&
         head.substr(signature.inner_at).starts_with(signature.inner);
}

// Text of lines and no other control characters; `head` may end inside of a character.
bool IsText(std::string_view head) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || byte == 0x7f;
  };
  if (std::ranges::any_of(head, is_control)) return false;
  std::string_view whole = head;
  for (int cut = 0; cut < 4 && !whole.empty(); ++cut, whole.remove_suffix(1)) {
    if (IsUtf8(whole)) return cut == 0 || head.size() == kSniffedBytes;
  }
  return false;
}

}  // namespace

FileType SniffFile(std::string_view head) {
  head = head.substr(0, kSniffedBytes);
  for (const Signature& signature : kSignatures) {
    if (!Fits(signature, head)) continue;
    if (signature.size == nullptr) return {.type = std::string(signature.type)};
    const auto size = signature.size(head);
    if (!size) return {};
    return {.type = std::string(signature.type), .width = size->width, .height = size->height};
  }
  if (!head.empty() && IsText(head)) return {.type = "text/plain"};
  return {};
}

bool MayBeInline(std::string_view type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/gif" || type == "image/webp";
}

}  // namespace tidemill::chat
