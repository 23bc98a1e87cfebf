#include "postgres/statements/words.h"

namespace tidemill::postgres {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::string Words::Next() {
  while (at_ < text_.size()) {
    if (SkipComment() || SkipQuoted()) continue;
    if (IsDigit(At(0))) {
      while (IsWordPart(At(0))) ++at_;
      continue;
    }
    if (!IsWordStart(At(0))) {
      ++at_;
      continue;
    }
    std::string word;
    for (; IsWordPart(At(0)); ++at_) word.push_back(Lower(At(0)));
    // E'' has backslashes, U&"" and the others have none.
    if (word == "e" && At(0) == '\'') {
      SkipUntil('\'', true);
      continue;
    }
    return word;
  }
  return {};
}

std::string Words::LastArgument() {
  std::string last;
  for (int depth = 0; at_ < text_.size();) {
    if (SkipComment()) continue;
    const std::size_t begin = at_;
    if (SkipQuoted()) {
      last += text_.substr(begin, at_ - begin);
      continue;
    }
    const char c = text_[at_++];
    const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (c == '(' && ++depth == 1) continue;
    if (c == ')' && --depth == 0) return last;
    if (depth == 0 && !is_blank) break;
    if (c == ',' && depth == 1) {
      last.clear();
    } else if (!is_blank) {
      last += Lower(c);
    }
  }
  return {};
}

bool Words::SkipComment() {
  if (At(0) == '-' && At(1) == '-') {
    while (at_ < text_.size() && At(0) != '\n' && At(0) != '\r') ++at_;
    return true;
  }
  if (At(0) != '/' || At(1) != '*') return false;
  std::size_t depth = 0;
  do {
    if (At(0) == '/' && At(1) == '*') {
      ++depth;
      at_ += 2;
    } else if (At(0) == '*' && At(1) == '/') {
      --depth;
      at_ += 2;
    } else {
      ++at_;
    }
  } while (depth > 0 && at_ < text_.size());
  return true;
}

bool Words::SkipQuoted() {
  switch (At(0)) {
    case '\'':
    case '"': SkipUntil(At(0), false); return true;
    case '$': SkipDollarQuoted(); return true;
    default: return false;
  }
}

// From the opening quote to behind the closing one; a doubled quote is passed over as two strings.
void Words::SkipUntil(char quote, bool has_escapes) {
  ++at_;
  while (at_ < text_.size() && At(0) != quote) at_ += has_escapes && At(0) == '\\' ? 2 : 1;
  ++at_;
}

// $$…$$ or $tag$…$tag$; of a parameter, $1, only the sign and its digits.
void Words::SkipDollarQuoted() {
  std::size_t end = at_ + 1;
  if (IsWordStart(At(1))) {
    while (end < text_.size() && IsWordPart(text_[end]) && text_[end] != '$') ++end;
  }
  if (end >= text_.size() || text_[end] != '$') {
    at_ = end;
    return;
  }
  const std::string_view tag = text_.substr(at_, end + 1 - at_);
  const std::size_t close = text_.find(tag, end + 1);
  at_ = close == text_.npos ? text_.size() : close + tag.size();
}

}  // namespace tidemill::postgres
