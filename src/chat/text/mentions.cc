#include "chat/text/mentions.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace tidemill::chat {
namespace {

bool IsNameByte(char c) { return IsLetter(c) || IsDigit(c) || c == '_' || c == '-' || c == '.'; }

// How many of the same byte begin the text.
std::size_t RunOf(std::string_view text, char c) { return std::min(text.find_first_not_of(c), text.size()); }

// How much of the text is code, when it begins with a "`"; its backticks alone where none close it. Runs that
// nothing closes have different lengths, so few of them fit into a text.
std::size_t CodeAt(std::string_view text) {
  const std::size_t ticks = RunOf(text, '`');
  for (std::size_t at = ticks; (at = text.find('`', at)) != std::string_view::npos;) {
    const std::size_t closing = RunOf(text.substr(at), '`');
    at += closing;
    if (closing == ticks) return at;
  }
  return ticks;
}

// Behind the "@". Points and hyphens at its end belong to the sentence.
std::string_view NameAt(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && IsNameByte(text[size])) ++size;
  while (size > 0 && (text[size - 1] == '.' || text[size - 1] == '-')) --size;
  return text.substr(0, size);
}

void Add(std::string_view name, MentionedNames& mentions) {
  if (name.empty() || name.size() > kUsernameBytesMax) return;
  std::string lower = ToLower(name);
  if (lower == "room" || lower == "channel" || lower == "all") {
    mentions.room = true;
  } else if (lower == "here") {
    mentions.here = true;
  } else if (mentions.usernames.size() < kMentionsMax &&
             std::ranges::find(mentions.usernames, lower) == mentions.usernames.end()) {
    mentions.usernames.push_back(std::move(lower));
  }
}

}  // namespace

MentionedNames FindMentions(std::string_view text) {
  MentionedNames mentions;
  bool in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '`') {
      at += CodeAt(text.substr(at));
      in_word = false;
      continue;
    }
    ++at;
    if (c == '@' && !in_word) {
      const std::string_view name = NameAt(text.substr(at));
      Add(name, mentions);
      at += name.size();
    }
    in_word = IsNameByte(c) || c == '@';
  }
  return mentions;
}

}  // namespace tidemill::chat
