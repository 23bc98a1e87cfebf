#include "sql/nested_text.h"

namespace tidemill::sql {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\v\f";

bool Take(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

// "[2:3]", "[-1:0]"
bool TakeBound(std::string_view& rest) {
  const std::size_t end = rest.find(']');
  if (end == rest.npos) return false;
  const std::string_view inside = rest.substr(0, end);
  if (inside.find_first_not_of("[0123456789:-") != inside.npos || !inside.contains(':')) return false;
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

ArrayText::ArrayText(std::string_view text, char delimiter) : rest_(text), delimiter_(delimiter) {
  malformed_ = !SkipBounds();
}

bool ArrayText::SkipBounds() {
  if (!rest_.starts_with('[')) return true;
  while (rest_.starts_with('[')) {
    if (!TakeBound(rest_)) return false;
  }
  return Take(rest_, '=');
}

ArrayText::Event ArrayText::Next() {
  if (!malformed_ && ended_ && rest_.empty()) return Event::kEnd;
  if (malformed_ || ended_ || rest_.empty()) return Event::kMalformed;
  if (comma_due_ && Take(rest_, delimiter_)) {
    comma_due_ = false;
    after_comma_ = true;
  }
  const bool may_begin = !comma_due_;
  if (!after_comma_ && depth_ > 0 && Take(rest_, '}')) {
    --depth_;
    ended_ = depth_ == 0;
    comma_due_ = true;
    return Event::kClose;
  }
  if (may_begin && depth_ < kDimensionsMax && Take(rest_, '{')) {
    ++depth_;
    after_comma_ = false;
    return Event::kOpen;
  }
  const Event event = may_begin && depth_ > 0 ? Value() : Event::kMalformed;
  malformed_ = event == Event::kMalformed;
  comma_due_ = true;
  after_comma_ = false;
  return event;
}

ArrayText::Event ArrayText::Value() {
  if (Take(rest_, '"')) return Quoted();
  std::size_t bytes = 0;
  while (bytes < rest_.size() && rest_[bytes] != delimiter_ && rest_[bytes] != '}') {
    const char c = rest_[bytes];
    if (c == '{' || c == '"' || c == '\\' || kBlanks.contains(c)) return Event::kMalformed;
    ++bytes;
  }
  if (bytes == 0) return Event::kMalformed;
  element_ = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return element_ == "NULL" ? Event::kNull : Event::kElement;
}

ArrayText::Event ArrayText::Quoted() {
  std::size_t end = rest_.find_first_of("\"\\");
  if (end != rest_.npos && rest_[end] == '"') {
    element_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return Event::kElement;
  }
  unescaped_.clear();
  while (end != rest_.npos) {
    unescaped_ += rest_.substr(0, end);
    const bool escape = rest_[end] == '\\';
    rest_.remove_prefix(end + 1);
    if (!escape) {
      element_ = unescaped_;
      return Event::kElement;
    }
    if (rest_.empty()) return Event::kMalformed;
    unescaped_ += rest_.front();
    rest_.remove_prefix(1);
    end = rest_.find_first_of("\"\\");
  }
  return Event::kMalformed;
}

RecordText::RecordText(std::string_view text) : rest_(text) { malformed_ = !Take(rest_, '('); }

RecordText::Event RecordText::Next() {
  if (!malformed_ && ended_ && rest_.empty()) return Event::kEnd;
  if (malformed_ || ended_ || rest_.empty()) return Event::kMalformed;
  if (Take(rest_, '"')) return Leave(Quoted());
  const std::size_t bytes = rest_.find_first_of(",()\"\\");
  if (bytes == rest_.npos) return Leave(Event::kMalformed);
  field_ = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return Leave(bytes == 0 ? Event::kNull : Event::kField);
}

// Behind a field: its comma, or the end.
RecordText::Event RecordText::Leave(Event event) {
  if (Take(rest_, ')')) {
    ended_ = true;
  } else if (!Take(rest_, ',')) {
    event = Event::kMalformed;
  }
  malformed_ = event == Event::kMalformed;
  return event;
}

RecordText::Event RecordText::Quoted() {
  unescaped_.clear();
  for (;;) {
    const std::size_t at = rest_.find_first_of("\"\\");
    if (at == rest_.npos) return Event::kMalformed;
    unescaped_ += rest_.substr(0, at);
    const char mark = rest_[at];
    rest_.remove_prefix(at + 1);
    // Both are written twice; a quote alone is the end.
    if (rest_.starts_with(mark)) {
      unescaped_ += mark;
      rest_.remove_prefix(1);
    } else if (mark == '"') {
      field_ = unescaped_;
      return Event::kField;
    } else {
      return Event::kMalformed;
    }
  }
}

}  // namespace tidemill::sql
