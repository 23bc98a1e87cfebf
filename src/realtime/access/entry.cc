#include "realtime/access/entry.h"

#include <array>
#include <charconv>
#include <optional>

namespace tidemill::access {
namespace {

constexpr std::array<std::string_view, 3> kKindNames = {"user", "token", "user_tokens"};
constexpr std::array<char, 3> kKindLetters = {'u', 't', 'i'};

std::unexpected<Error> Malformed() { return Fail(Errc::kInvalidArgument, "a malformed entry"); }

// The number at the beginning of the text, which loses it together with the `end` behind it.
std::optional<std::int64_t> TakeNumber(std::string_view& text, char end) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.empty() || text.front() != end) return std::nullopt;
  text.remove_prefix(1);
  return number;
}

Result<Entry> ParseKey(std::string_view key) {
  Entry entry;
  if (key.size() < 3 || key[1] != ':') return Malformed();
  std::size_t kind = 0;
  while (kind < kKindLetters.size() && kKindLetters[kind] != key[0]) ++kind;
  if (kind == kKindLetters.size()) return Malformed();
  entry.kind = static_cast<Kind>(kind);
  key.remove_prefix(2);
  if (entry.kind == Kind::kUserTokens) {
    const auto bytes = TakeNumber(key, ':');
    if (!bytes || *bytes < 1 || static_cast<std::size_t>(*bytes) > key.size()) return Malformed();
    entry.channel = key.substr(static_cast<std::size_t>(*bytes));
    key = key.substr(0, static_cast<std::size_t>(*bytes));
  }
  entry.subject = key;
  return entry;
}

}  // namespace

std::string_view NameOf(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<Kind> KindOf(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

std::int64_t EndOf(const Entry& entry) {
  return entry.lifted ? entry.decided_at / 1000 + kLiftedKept.ms / 1000 : entry.expire_at;
}

std::string KeyOf(const Entry& entry) {
  std::string key(1, kKindLetters[static_cast<std::size_t>(entry.kind)]);
  key += ':';
  if (entry.kind == Kind::kUserTokens) key.append(std::to_string(entry.subject.size())).append(":");
  key += entry.subject;
  if (entry.kind == Kind::kUserTokens) key += entry.channel;
  return key;
}

std::string ValueOf(const Entry& entry) {
  std::string value = std::to_string(entry.decided_at);
  value.append(" ").append(std::to_string(entry.expire_at));
  value.append(" ").append(std::to_string(entry.issued_before));
  return value.append(entry.lifted ? " 1" : " 0");
}

Result<Entry> ParseEntry(std::string_view key, std::string_view value) {
  TM_TRY_ASSIGN(Entry entry, ParseKey(key));
  for (std::int64_t* const number : {&entry.decided_at, &entry.expire_at, &entry.issued_before}) {
    const auto taken = TakeNumber(value, ' ');
    if (!taken) return Malformed();
    *number = *taken;
  }
  if (value != "0" && value != "1") return Malformed();
  entry.lifted = value == "1";
  return entry;
}

bool Revokes(const Entry& entry, std::string_view user, const auth::TokenMark& token,
             std::string_view channel) {
  switch (entry.kind) {
    case Kind::kUser: return false;
    case Kind::kToken: return !token.id.empty() && entry.subject == token.id;
    case Kind::kUserTokens:
      return entry.subject == user && entry.channel == channel && token.issued_at < entry.issued_before;
  }
  return false;
}

}  // namespace tidemill::access
