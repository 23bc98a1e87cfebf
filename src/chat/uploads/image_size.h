// ImageSize: how large an image is, from the first bytes of its file. Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::chat {

struct ImageSize {
  std::int64_t width = 0;  // pixels
  std::int64_t height = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

// `head` begins as a file of that type does; of a JPEG what stands before its frame must be in it. nullopt:
// the size is not there, is zero, or is more than a page should unpack: 16,384 to a side, 64 million
// together.
std::optional<ImageSize> PngSize(std::string_view head);
std::optional<ImageSize> GifSize(std::string_view head);
std::optional<ImageSize> JpegSize(std::string_view head);
std::optional<ImageSize> WebpSize(std::string_view head);

}  // namespace tidemill::chat
