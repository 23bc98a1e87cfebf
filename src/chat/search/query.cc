#include "chat/search/query.h"

#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"

namespace tidemill::chat {
namespace {

using Result = std::expected<SearchQuery, std::string>;

constexpr std::string_view kFilters[] = {"from", "in", "before", "after", "has"};

struct Token {
  std::string_view filter;  // "" for a word or phrase
  std::string value;
};

bool IsSeparator(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Up to the closing quote, or the end where there is none; `text` begins behind the opening one.
std::string_view TakeQuoted(std::string_view& text) {
  const std::size_t end = text.find('"');
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return value;
}

std::string_view TakeWord(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && !IsSeparator(text[end]) && text[end] != '"') ++end;
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end);
  return value;
}

std::string_view TakeFilter(std::string_view& text) {
  for (const std::string_view filter : kFilters) {
    if (text.size() <= filter.size() || text[filter.size()] != ':') continue;
    if (!EqualIgnoringCase(text.substr(0, filter.size()), filter)) continue;
    text.remove_prefix(filter.size() + 1);
    return filter;
  }
  return {};
}

// The next of a text that is not empty; its value may be.
Token TakeToken(std::string_view& text) {
  Token token{.filter = TakeFilter(text), .value = {}};
  if (text.starts_with('"')) {
    text.remove_prefix(1);
    token.value = TakeQuoted(text);
  } else {
    token.value = TakeWord(text);
  }
  return token;
}

std::optional<int> ParseDigits(std::string_view text) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && stop == text.data() + text.size() && IsDigit(text.front());
  return is_number ? std::optional(number) : std::nullopt;
}

// When the day "2026-01-31" begins.
std::optional<WallTime> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = ParseDigits(text.substr(0, 4));
  const auto month = ParseDigits(text.substr(5, 2));
  const auto day = ParseDigits(text.substr(8, 2));
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days(date).time_since_epoch() / std::chrono::milliseconds(1)};
}

std::optional<std::string> AddName(std::vector<std::string>& names, Token token, char sign) {
  if (token.value.starts_with(sign)) token.value.erase(0, 1);
  if (token.value.empty()) return "write a name behind " + std::string(token.filter) + ":";
  if (names.size() == kSearchNamesMax)
    return std::string(token.filter) + ": may stand " + std::to_string(kSearchNamesMax) + " times at most";
  names.push_back(std::move(token.value));
  return std::nullopt;
}

std::optional<std::string> AddDay(SearchQuery& query, const Token& token) {
  const std::optional<WallTime> day = ParseDay(token.value);
  if (!day) return "write a day behind " + std::string(token.filter) + ":, as 2026-01-31";
  if (token.filter == "before") {
    query.before = day;
  } else {
    query.since = *day + Hours(24);
  }
  return std::nullopt;
}

// What is wrong with it.
std::optional<std::string> Add(SearchQuery& query, Token token) {
  if (token.filter == "from") return AddName(query.from, std::move(token), '@');
  if (token.filter == "in") return AddName(query.in, std::move(token), '#');
  if (token.filter == "before" || token.filter == "after") return AddDay(query, token);
  if (token.filter == "has") {
    const std::string value = ToLower(token.value);
    if (value != "link" && value != "file") return "has: takes link or file";
    (value == "link" ? query.has_link : query.has_file) = true;
    return std::nullopt;
  }
  if (token.value.empty()) return std::nullopt;
  if (query.phrases.size() == kSearchPhrasesMax)
    return "search for " + std::to_string(kSearchPhrasesMax) + " words at most";
  query.phrases.push_back(std::move(token.value));
  return std::nullopt;
}

}  // namespace

bool SearchQuery::empty() const { return *this == SearchQuery{}; }

Result ParseSearch(std::string_view text) {
  if (text.size() > kSearchBytesMax)
    return std::unexpected("a search has " + std::to_string(kSearchBytesMax) + " bytes at most");
  if (text.contains('\0') || !IsUtf8(text)) return std::unexpected("a search is text in UTF-8");
  SearchQuery query;
  while (true) {
    while (!text.empty() && IsSeparator(text.front())) text.remove_prefix(1);
    if (text.empty()) return query;
    if (auto problem = Add(query, TakeToken(text))) return std::unexpected(*std::move(problem));
  }
}

}  // namespace tidemill::chat
