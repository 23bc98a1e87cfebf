#include "jobs/job/names.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"

namespace tidemill::job {

bool IsJid(std::string_view text) {
  return text.size() >= kJidBytesMin && text.size() <= kJidBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool IsType(std::string_view text) {
  return !text.empty() && text.size() <= kTypeBytesMax && IsUtf8(text) &&
         std::ranges::all_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte != 0x7f;
         });
}

bool IsQueueName(std::string_view text) {
  if (text.empty() || text.size() > kQueueBytesMax || text == "." || text == "..") return false;
  return std::ranges::all_of(
      text, [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace tidemill::job
