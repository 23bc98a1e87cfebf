#include "queries/files/quoted.h"

#include <algorithm>

namespace tidemill::files {
namespace {

End EndOfOne(std::string_view text, std::size_t at, QuoteRules rules) {
  for (; at < text.size(); ++at) {
    if (rules.backslashes && text[at] == '\\') {
      ++at;
    } else if (text[at] == rules.quote) {
      if (!rules.doubled || at + 1 == text.size() || text[at + 1] != rules.quote) return {at + 1, true};
      ++at;
    }
  }
  return {text.size(), false};
}

// The quote with which Postgres continues a text: behind space and line comments that hold an end of line.
// npos: it is not continued.
std::size_t Continuation(std::string_view text, std::size_t at) {
  bool line_ended = false;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '\n' || c == '\r') {
      line_ended = true;
      ++at;
    } else if (c == ' ' || c == '\t' || c == '\f' || c == '\v') {
      ++at;
    } else if (text.substr(at).starts_with("--")) {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else {
      return line_ended && c == '\'' ? at : std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

}  // namespace

End EndOfQuoted(std::string_view text, std::size_t begin, QuoteRules rules) {
  End end = EndOfOne(text, begin + 1, rules);
  while (rules.backslashes && end.closed) {
    const std::size_t more = Continuation(text, end.at);
    if (more == std::string_view::npos) break;
    end = EndOfOne(text, more + 1, rules);
  }
  return end;
}

End EndOfBlockComment(std::string_view text, std::size_t begin, NestedComments nested) {
  std::size_t depth = 1;
  std::size_t at = begin + 2;
  while (at + 1 < text.size()) {
    if (text[at] == '*' && text[at + 1] == '/') {
      at += 2;
      if (--depth == 0) return {at, true};
    } else if (nested == NestedComments::kYes && text[at] == '/' && text[at + 1] == '*') {
      at += 2;
      ++depth;
    } else {
      ++at;
    }
  }
  return {text.size(), false};
}

}  // namespace tidemill::files
