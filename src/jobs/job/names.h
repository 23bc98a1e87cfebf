// What jobs, their types and queues may be called.
//
// Names travel on: into lines of the protocol, answers, paths of URLs, channels, keys of stores. So a name
// has no byte that means something in any of them. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidemill::job {

inline constexpr std::size_t kJidBytesMin = 8;
inline constexpr std::size_t kJidBytesMax = 128;
inline constexpr std::size_t kTypeBytesMax = 256;
inline constexpr std::size_t kQueueBytesMax = 128;

// Visible ASCII without quotes and backslashes.
bool IsJid(std::string_view text);
// 1 to `bytes_max` bytes of UTF-8 without control characters: it stands in lists and paths, and in keys of
// the store.
bool IsKey(std::string_view text, std::size_t bytes_max);
bool IsType(std::string_view text);
// Letters, digits, and . _ - but not . or .. alone.
bool IsQueueName(std::string_view text);

}  // namespace tidemill::job
