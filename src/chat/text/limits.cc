#include "chat/text/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace tidemill::chat {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

TextProblem TooLong(std::string_view what, std::size_t is, std::size_t max, std::string_view unit) {
  return {.too_long = true, .message = fmt::format("{} has {} {}, and may have {}", what, is, unit, max)};
}

}  // namespace

std::size_t CountCharacters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return !IsUtf8Continuation(c); }));
}

std::optional<TextProblem> CheckText(std::string_view text, const TextLimits& limits) {
  if (std::ranges::all_of(text, IsSpace)) return TextProblem{.message = "the text is empty"};
  if (text.size() > limits.bytes_max) return TooLong("the text", text.size(), limits.bytes_max, "bytes");
  const std::size_t characters = CountCharacters(text);
  if (characters > limits.characters_max) {
    return TooLong("the text", characters, limits.characters_max, "characters");
  }
  return std::nullopt;
}

std::optional<TextProblem> CheckName(std::string_view name, std::size_t characters_max) {
  if (name.empty()) return TextProblem{.message = "the name is empty"};
  if (IsSpace(name.front()) || IsSpace(name.back())) {
    return TextProblem{.message = "a name neither begins nor ends with a blank"};
  }
  return CheckLine(name, characters_max);
}

std::optional<TextProblem> CheckLine(std::string_view line, std::size_t characters_max) {
  if (std::ranges::any_of(line, IsControl)) {
    return TextProblem{.message = "it is one line, without control characters"};
  }
  const std::size_t characters = CountCharacters(line);
  if (characters > characters_max) return TooLong("it", characters, characters_max, "characters");
  return std::nullopt;
}

std::optional<TextProblem> CheckEmoji(std::string_view emoji) {
  const auto breaks = [](char c) { return IsControl(c) || c == ' ' || c == '/'; };
  if (emoji.empty() || emoji.size() > kEmojiBytesMax || std::ranges::any_of(emoji, breaks)) {
    return TextProblem{.message = fmt::format("an emoji or its name, of 1 to {} bytes", kEmojiBytesMax)};
  }
  return std::nullopt;
}

}  // namespace tidemill::chat
