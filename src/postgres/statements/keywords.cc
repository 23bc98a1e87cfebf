#include "postgres/statements/keywords.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postgres/statements/words.h"

namespace tidemill::postgres {
namespace {

constexpr std::array<std::string_view, 9> kTransactions = {
    "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"};
constexpr std::array<std::string_view, 11> kSessions = {"set",      "reset", "discard", "listen",
                                                        "unlisten", "load",  "declare", "deallocate",
                                                        "fetch",    "close", "move"};
constexpr std::array<std::string_view, 6> kReaders = {"select", "values", "table", "with", "show", "explain"};
// Of a reader: it writes, locks rows, makes a table or runs what it explains.
constexpr std::array<std::string_view, 9> kWriters = {"insert", "update",  "delete", "merge",  "into",
                                                      "share",  "nextval", "setval", "analyze"};

bool IsOneOf(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

// Whether it calls set_config so that the setting outlives its transaction.
bool LeavesSetting(std::string_view text) {
  constexpr std::string_view kName = "set_config";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (std::ranges::search(text, kName, same).empty()) return false;
  Words words(text);
  for (std::string word = words.Next(); !word.empty(); word = words.Next()) {
    if (word != kName) continue;
    const std::string is_local = Words(words).LastArgument();
    if (is_local != "true" && is_local != "is_local=>true") return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> RefusalOf(std::string_view text) {
  if (LeavesSetting(text)) {
    return "a connection is shared, and a setting would stay in it: the last argument of set_config is true";
  }
  Words words(text);
  const std::string first = words.Next();
  if (first == "copy") return "COPY has calls of its own";
  if (IsOneOf(first, kTransactions))
    return "a transaction is begun with Begin and ended with Commit or Rollback";
  if (!IsOneOf(first, kSessions)) return std::nullopt;
  const std::string second = words.Next();
  if (first == "set" && (second == "local" || second == "transaction" || second == "constraints")) {
    return std::nullopt;
  }
  return "a connection is shared: nothing may be left in its session";
}

bool LooksReadOnly(std::string_view text) {
  Words words(text);
  if (!IsOneOf(words.Next(), kReaders)) return false;
  for (std::string word = words.Next(); !word.empty(); word = words.Next()) {
    if (IsOneOf(word, kWriters)) return false;
  }
  return true;
}

}  // namespace tidemill::postgres
