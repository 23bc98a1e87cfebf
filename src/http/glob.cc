#include "http/glob.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace tidemill::http {
namespace {

using Bytes = std::bitset<256>;

std::unexpected<Error> Malformed() { return Fail(Errc::kInvalidArgument, "malformed pattern"); }

std::size_t Index(char byte) { return static_cast<unsigned char>(ToLower(byte)); }

// "[a-z]", "[!a-z]", "[abc]", with `text` at the first byte within; moves it behind the bracket.
std::optional<Bytes> ParseClass(std::string_view& text) {
  const bool inverted = text.starts_with('!');
  if (inverted) text.remove_prefix(1);
  Bytes bytes;
  while (!text.empty() && text.front() != ']') {
    const std::size_t first = Index(text.front());
    std::size_t last = first;
    if (text.size() > 2 && text[1] == '-' && text[2] != ']') {
      last = Index(text[2]);
      text.remove_prefix(2);
    }
    for (std::size_t byte = first; byte <= last; ++byte) bytes.set(byte);
    text.remove_prefix(1);
  }
  if (text.empty() || bytes.none()) return std::nullopt;
  text.remove_prefix(1);
  return inverted ? ~bytes : bytes;
}

// The first "{" that is not quoted and in no brackets; npos: none.
std::size_t FindBrace(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') return i;
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '[') {
      i = std::min(text.find(']', i), text.size());
    }
  }
  return text.npos;
}

// What a pattern with "{a,b}" stands for, each without braces.
Result<std::vector<std::string>> Expand(std::string_view text) {
  std::vector<std::string> done;
  std::vector<std::string> open = {std::string(text)};
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    const std::size_t begin = FindBrace(next);
    if (begin == next.npos) {
      done.push_back(next);
      continue;
    }
    const std::size_t end = next.find('}', begin);
    if (end == next.npos) return Malformed();
    std::string_view choices = std::string_view(next).substr(begin + 1, end - begin - 1);
    if (choices.contains('{')) return Malformed();
    for (bool more = true; more;) {
      const std::size_t comma = choices.find(',');
      more = comma != choices.npos;
      open.push_back(next.substr(0, begin) + std::string(choices.substr(0, comma)) + next.substr(end + 1));
      if (more) choices.remove_prefix(comma + 1);
      if (open.size() + done.size() > Glob::kAlternativesMax) {
        return Fail(Errc::kLimitExceeded, "too many alternatives");
      }
    }
  }
  return done;
}

}  // namespace

Result<Glob> Glob::Parse(std::string_view text) {
  if (text.size() > kBytesMax) return Fail(Errc::kLimitExceeded, "too long");
  TM_TRY_ASSIGN(const std::vector<std::string> alternatives, Expand(text));
  Glob glob;
  for (const std::string& alternative : alternatives) {
    TM_TRY_ASSIGN(Sequence sequence, ParseSequence(alternative));
    glob.sequences_.push_back(std::move(sequence));
  }
  return glob;
}

Result<Glob::Sequence> Glob::ParseSequence(std::string_view text) {
  Sequence sequence;
  while (!text.empty()) {
    const char byte = text.front();
    text.remove_prefix(1);
    Element element;
    if (byte == '*') {
      element.star = true;
      if (!sequence.empty() && sequence.back().star) continue;
    } else if (byte == '?') {
      element.bytes.set();
    } else if (byte == '[') {
      const std::optional<Bytes> bytes = ParseClass(text);
      if (!bytes) return Malformed();
      element.bytes = *bytes;
    } else if (byte == '\\') {
      if (text.empty()) return Malformed();
      element.bytes.set(Index(text.front()));
      text.remove_prefix(1);
    } else {
      element.bytes.set(Index(byte));
    }
    sequence.push_back(element);
  }
  return sequence;
}

bool Glob::Matches(std::string_view text) const {
  return std::ranges::any_of(sequences_, [text](const Sequence& each) { return Matches(each, text); });
}

// Goes back to the last star only: what an earlier one could take in addition, the last one can as well.
bool Glob::Matches(const Sequence& sequence, std::string_view text) {
  std::size_t at = 0;
  std::size_t element = 0;
  std::size_t after_star = sequence.size() + 1;  // none yet
  std::size_t star_ends_at = 0;
  while (at < text.size() || element < sequence.size()) {
    if (element < sequence.size() && sequence[element].star) {
      after_star = ++element;
      star_ends_at = at;
    } else if (at < text.size() && element < sequence.size() &&
               sequence[element].bytes.test(Index(text[at]))) {
      ++at;
      ++element;
    } else if (after_star <= sequence.size() && star_ends_at < text.size()) {
      at = ++star_ends_at;
      element = after_star;
    } else {
      return false;
    }
  }
  return true;
}

bool Glob::MatchesAnyOf(const Automaton& automaton) const {
  return std::ranges::any_of(sequences_, [&](const Sequence& each) { return Meets(each, automaton); });
}

// Walks the pairs of an element and a state that some text leads to.
bool Glob::Meets(const Sequence& sequence, const Automaton& automaton) {
  const auto states = static_cast<std::size_t>(automaton.states);
  std::vector<bool> seen((sequence.size() + 1) * states);
  std::vector<std::pair<std::size_t, int>> open;
  const auto visit = [&](std::size_t element, int state) {
    if (state < 0 || seen[element * states + static_cast<std::size_t>(state)]) return;
    seen[element * states + static_cast<std::size_t>(state)] = true;
    open.emplace_back(element, state);
  };
  visit(0, 0);
  while (!open.empty()) {
    const auto [element, state] = open.back();
    open.pop_back();
    if (element == sequence.size()) {
      if (automaton.accepts(state)) return true;
      continue;
    }
    const bool star = sequence[element].star;
    if (star) visit(element + 1, state);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      if (!star && !sequence[element].bytes.test(byte)) continue;
      visit(star ? element : element + 1, automaton.step(state, static_cast<char>(byte)));
    }
  }
  return false;
}

}  // namespace tidemill::http
