// What texts and names may hold, and how long they may be. Functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::chat {

// Of a message; a character is a code point.
struct TextLimits {
  std::size_t characters_max = 4'000;
  std::size_t bytes_max = 16'000;
};

inline constexpr std::size_t kNameCharactersMax = 80;
inline constexpr std::size_t kTopicCharactersMax = 250;
inline constexpr std::size_t kClientMessageIdBytesMax = 64;
inline constexpr std::size_t kEmojiBytesMax = 64;

std::size_t CountCharacters(std::string_view utf8);

struct TextProblem {
  bool too_long = false;
  std::string message;  // for whoever sent it
};

// nullopt: it may be sent. Refused: too long, or nothing but blanks.
std::optional<TextProblem> CheckText(std::string_view text, const TextLimits& limits);
// Of a name: 1 to `characters_max` characters on one line that do not begin or end with a blank.
std::optional<TextProblem> CheckName(std::string_view name, std::size_t characters_max);
// Of a text on one line that may be empty.
std::optional<TextProblem> CheckLine(std::string_view line, std::size_t characters_max);
// One emoji or the name of one, as a reaction is: no blanks and nothing that breaks a line.
std::optional<TextProblem> CheckEmoji(std::string_view emoji);

}  // namespace tidemill::chat
