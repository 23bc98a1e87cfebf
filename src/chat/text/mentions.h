// FindMentions: whom a message's text mentions: "@ada", "@room", "@here". A function; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::chat {

inline constexpr std::size_t kMentionsMax = 50;
inline constexpr std::size_t kUsernameBytesMax = 64;

struct MentionedNames {
  std::vector<std::string>
      usernames;      // lower case, each once, in the order of the text; kMentionsMax at most
  bool room = false;  // "@room", "@channel", "@all": everybody in the room
  bool here = false;  // "@here": those of them who are online
  friend bool operator==(const MentionedNames&, const MentionedNames&) = default;
};

// A name follows an "@" that stands at the start of a word, and has letters, digits, "_", "-" and "." inside.
// What stands in code (`…` and ```…```) mentions nobody. One pass over the text.
MentionedNames FindMentions(std::string_view text);

}  // namespace tidemill::chat
