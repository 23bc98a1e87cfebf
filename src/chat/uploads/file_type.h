// FileType: what a file is by its first bytes, whatever its name and its sender say. A function; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::chat {

// What SniffFile looks at; what is behind that decides nothing.
inline constexpr std::size_t kSniffedBytes = 256 * 1024;

struct FileType {
  std::string type = "application/octet-stream";
  std::int64_t width = 0;  // of an image that may be shown; 0: it is none
  std::int64_t height = 0;
  friend bool operator==(const FileType&, const FileType&) = default;
};

// What has markup or scripts in it, HTML and SVG, is text. `head`: the first kSniffedBytes, or all of it.
FileType SniffFile(std::string_view head);

// Whether a browser may show it in a page: an image that runs nothing.
bool MayBeInline(std::string_view type);

}  // namespace tidemill::chat
