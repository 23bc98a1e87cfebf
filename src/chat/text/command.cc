#include "chat/text/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace tidemill::chat {
namespace {

enum class Rest : std::uint8_t { kNone, kOptional, kNeeded };

struct Known {
  std::string_view name;
  CommandKind kind;
  Rest rest;
  std::string_view usage;
};
constexpr Known kKnown[] = {
    {"me", CommandKind::kMe, Rest::kNeeded, "/me waves"},
    {"topic", CommandKind::kTopic, Rest::kOptional, "/topic What this room is about"},
    {"invite", CommandKind::kInvite, Rest::kNeeded, "/invite @ada @bob"},
    {"leave", CommandKind::kLeave, Rest::kNone, "/leave"},
    {"shrug", CommandKind::kShrug, Rest::kOptional, "/shrug who knows"},
};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string Names() {
  std::string names;
  for (const Known& each : kKnown) names.append(names.empty() ? "/" : ", /").append(each.name);
  return names;
}

}  // namespace

std::expected<std::optional<Command>, std::string> ParseCommand(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  const std::string_view word = text.substr(1, text.find_first_of(" \t\r\n") - 1);
  if (word.empty() || !std::ranges::all_of(word, IsLetter)) return std::nullopt;
  const auto* const known = std::ranges::find(kKnown, ToLower(word), &Known::name);
  if (known == std::end(kKnown)) {
    return std::unexpected(
        fmt::format("there is no command /{}; there are {}. A text that is to begin with / is sent with //",
                    word, Names()));
  }
  const std::string_view rest = Trim(text.substr(1 + word.size()));
  const bool fits = known->rest == Rest::kOptional || rest.empty() == (known->rest == Rest::kNone);
  if (!fits) return std::unexpected(fmt::format("it is written \"{}\"", known->usage));
  return Command{.kind = known->kind, .rest = std::string(rest)};
}

std::string_view WithoutEscape(std::string_view text) {
  if (text.starts_with("//") && text.size() > 2 && IsLetter(text[2])) text.remove_prefix(1);
  return text;
}

}  // namespace tidemill::chat
