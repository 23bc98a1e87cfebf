#include "jobs/job/names.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"

namespace tidemill::job {

bool IsJid(std::string_view text) {
  return text.size() >= kJidBytesMin && text.size() <= kJidBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool IsKey(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && IsUtf8(text) && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
}

bool IsType(std::string_view text) { return IsKey(text, kTypeBytesMax); }

bool IsQueueName(std::string_view text) {
  if (text.empty() || text.size() > kQueueBytesMax || text == "." || text == "..") return false;
  return std::ranges::all_of(
      text, [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace tidemill::job
