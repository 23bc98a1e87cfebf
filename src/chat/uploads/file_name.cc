#include "chat/uploads/file_name.h"

#include <algorithm>
#include <cstddef>

#include "base/ascii.h"
#include "base/percent.h"
#include "base/utf8.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kExtensionBytesMax = 20;

// Control characters; marks, embeddings, overrides and isolates of direction; the separators of lines and
// paragraphs; the mark of byte order.
bool IsHidden(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]) < 0x20 || sequence[0] == 0x7f;
  if (sequence == "\xef\xbb\xbf" || sequence == "\xd8\x9c") return true;
  if (sequence.size() == 2) return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
  if (sequence.size() != 3) return false;
  if (!sequence.starts_with("\xe2\x80") && !sequence.starts_with("\xe2\x81")) return false;
  const auto last = static_cast<unsigned char>(sequence[2]);
  if (sequence[1] == '\x80') return (last >= 0x8b && last <= 0x8f) || (last >= 0xa8 && last <= 0xae);
  return last >= 0xa6 && last <= 0xaf;
}

std::string WithoutHidden(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t length = Utf8SequenceLength(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length > 0 && !IsHidden(sequence)) kept += sequence;
    text.remove_prefix(sequence.size());
  }
  return kept;
}

std::string_view Trim(std::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '.')) name.remove_prefix(1);
  while (!name.empty() && (name.back() == ' ' || name.back() == '.')) name.remove_suffix(1);
  return name;
}

// RFC 8187 section 3.2.1.
bool IsAttributeCharacter(char c) {
  return IsDigit(c) || IsLetter(c) || std::string_view("!#$&+-.^_`|~").contains(c);
}

}  // namespace

std::string CleanFileName(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const std::string kept = WithoutHidden(name);
  const std::string_view trimmed = Trim(kept);
  if (trimmed.empty()) return "file";
  if (trimmed.size() <= kNameBytesMax) return std::string(trimmed);
  const std::size_t dot = trimmed.rfind('.');
  std::string_view extension = dot == std::string_view::npos ? "" : trimmed.substr(dot);
  if (extension.size() > kExtensionBytesMax) extension = {};
  const std::string_view stem = trimmed.substr(0, trimmed.size() - extension.size());
  return std::string(CutUtf8(stem, kNameBytesMax - extension.size())) + std::string(extension);
}

std::string DispositionOf(Disposition disposition, std::string_view name) {
  std::string ascii;
  std::string encoded;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '%';
    if (is_plain) {
      ascii += c;
    } else if (!IsUtf8Continuation(c)) {
      ascii += '_';
    }
    if (IsAttributeCharacter(c)) {
      encoded += c;
    } else {
      AppendPercentEncoded(c, encoded);
    }
  }
  return std::string(disposition == Disposition::kInline ? "inline" : "attachment") + "; filename=\"" +
         ascii + "\"; filename*=UTF-8''" + encoded;
}

}  // namespace tidemill::chat
