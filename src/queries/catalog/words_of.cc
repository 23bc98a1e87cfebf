#include "queries/catalog/words_of.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "queries/files/lexer.h"

namespace tidemill::queries {
namespace {

using files::Token;
using files::TokenKind;

constexpr std::array<std::string_view, 7> kOuter = {"left", "right", "full", "rollup", "cube", "sets", "old"};

constexpr std::array<std::string_view, 6> kMovingWords = {"current_timestamp", "current_time", "current_date",
                                                          "localtimestamp",    "localtime",    "sysdate"};
constexpr std::array<std::string_view, 16> kMovingCalls = {"now",
                                                           "clock_timestamp",
                                                           "statement_timestamp",
                                                           "transaction_timestamp",
                                                           "timeofday",
                                                           "age",
                                                           "random",
                                                           "gen_random_uuid",
                                                           "uuidv4",
                                                           "uuidv7",
                                                           "randomblob",
                                                           "nextval",
                                                           "lastval",
                                                           "changes",
                                                           "total_changes",
                                                           "last_insert_rowid"};

// SQLite's: without arguments they give the time that it is.
constexpr std::array<std::string_view, 5> kTimesOfNow = {"date", "time", "datetime", "julianday",
                                                         "unixepoch"};

// The significant tokens, with the text of each.
class Reader {
 public:
  Reader(std::string_view text, sql::Dialect dialect) : text_(text) {
    files::Problems problems;
    tokens_ = files::Lex(text, dialect, problems);
    std::erase_if(tokens_, [](const Token& token) { return !files::IsSignificant(token.kind); });
  }

  bool AtEnd() const { return at_ == tokens_.size(); }
  void Skip() { ++at_; }
  bool Is(TokenKind kind) const { return !AtEnd() && tokens_[at_].kind == kind; }
  std::string_view Text() const { return AtEnd() ? std::string_view{} : tokens_[at_].range.In(text_); }
  // The word in lower case; "": something else stands there.
  std::string Word() const { return Is(TokenKind::kWord) ? ToLower(Text()) : ""; }
  bool TakeWord(std::string_view word) {
    if (Word() != word) return false;
    ++at_;
    return true;
  }
  // A name, quoted or not; "": none stands there.
  std::string TakeName() {
    std::string name;
    if (Is(TokenKind::kWord)) name = ToLower(Text());
    if (Is(TokenKind::kQuotedName)) name = Unquoted(Text());
    if (!name.empty()) ++at_;
    return name;
  }
  // "name" or "schema.name".
  std::string TakeTable() {
    std::string name = TakeName();
    while (!name.empty() && Is(TokenKind::kDot)) {
      ++at_;
      name += "." + TakeName();
    }
    return name;
  }

 private:
  const std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

// Behind a word that writes: passes over what stands before the table's name.
bool FindsTable(Reader& reader, std::string_view verb) {
  if (verb == "insert" || verb == "replace" || verb == "merge") {
    if (reader.TakeWord("or")) reader.Skip();  // "insert or replace into", SQLite's
    return reader.TakeWord("into") && (reader.TakeWord("only") || true);
  }
  if (verb == "delete") return reader.TakeWord("from") && (reader.TakeWord("only") || true);
  if (verb == "truncate") return reader.TakeWord("table") || true;
  if (reader.TakeWord("or")) reader.Skip();  // "update or ignore", SQLite's
  reader.TakeWord("only");
  return true;
}

bool IsVerb(std::string_view word) {
  return word == "insert" || word == "replace" || word == "merge" || word == "delete" || word == "truncate" ||
         word == "update";
}

// "for update", "for no key update", "do update" and "on update" name no table.
bool NamesTable(std::string_view before, std::string_view verb) {
  return verb != "update" || (before != "for" && before != "key" && before != "do" && before != "on" &&
                              before != "then" && before != "or");
}

}  // namespace

std::string Unquoted(std::string_view name) {
  const char quote = name.front() == '[' ? ']' : name.front();
  std::string out;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    out += name[i];
    if (name[i] == quote && name[i + 1] == quote) ++i;
  }
  return out;
}

bool KeepsNotNull(std::string_view statement, sql::Dialect dialect) {
  for (Reader reader(statement, dialect); !reader.AtEnd(); reader.Skip()) {
    if (std::ranges::find(kOuter, reader.Word()) != kOuter.end()) return false;
  }
  return true;
}

std::vector<std::string> WrittenTables(std::string_view statement, sql::Dialect dialect) {
  std::vector<std::string> tables;
  std::string before;
  Reader reader(statement, dialect);
  while (!reader.AtEnd()) {
    const std::string word = reader.Word();
    reader.Skip();
    if (IsVerb(word) && NamesTable(before, word) && FindsTable(reader, word)) {
      if (std::string table = reader.TakeTable(); !table.empty()) tables.push_back(std::move(table));
    }
    before = word;
  }
  std::ranges::sort(tables);
  tables.erase(std::ranges::unique(tables).begin(), tables.end());
  return tables;
}

bool Mentions(std::string_view statement, sql::Dialect dialect, const std::vector<std::string>& names) {
  if (names.empty()) return false;
  for (Reader reader(statement, dialect); !reader.AtEnd(); reader.Skip()) {
    const bool quoted = reader.Is(TokenKind::kQuotedName);
    const std::string name = quoted ? ToLower(Unquoted(reader.Text())) : reader.Word();
    if (!name.empty() && std::ranges::find(names, name) != names.end()) return true;
  }
  return false;
}

std::string FindMoving(std::string_view statement, sql::Dialect dialect) {
  Reader reader(statement, dialect);
  while (!reader.AtEnd()) {
    const bool now = dialect == sql::Dialect::kSqlite && reader.Is(TokenKind::kString) &&
                     ToLower(reader.Text()) == "'now'";
    if (now) return "'now'";
    const std::string word = reader.Word();
    reader.Skip();
    if (std::ranges::find(kMovingWords, word) != kMovingWords.end()) return word;
    const bool is_call = reader.Is(TokenKind::kOpen);
    if (is_call && dialect == sql::Dialect::kSqlite &&
        std::ranges::find(kTimesOfNow, word) != kTimesOfNow.end()) {
      reader.Skip();
      if (reader.Is(TokenKind::kClose)) return word;
      continue;
    }
    if (is_call && std::ranges::find(kMovingCalls, word) != kMovingCalls.end()) return word;
  }
  return "";
}

}  // namespace tidemill::queries
