#include "queries/files/parse.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>

#include "base/ascii.h"
#include "base/utf8.h"
#include "queries/files/contradictions.h"
#include "queries/files/header.h"
#include "queries/files/lexer.h"
#include "queries/files/parameters.h"
#include "queries/files/split.h"
#include "queries/files/statement_kind.h"
#include "queries/files/tags.h"

namespace tidemill::files {
namespace {

constexpr std::size_t kQueriesMax = 200;

// A query's part of a file: its tokens, behind its "-- name:" line if it has one.
struct Section {
  std::optional<NameLine> name;
  std::span<const Token> tokens;
};

struct Command {
  std::string_view text;
  RowsShape rows;
};
constexpr std::array<Command, 9> kCommands = {{{":many", RowsShape::kMany},
                                               {":one", RowsShape::kOne},
                                               {":exec", RowsShape::kExec},
                                               {":execrows", RowsShape::kExec},
                                               {"^", RowsShape::kOne},
                                               {"$", RowsShape::kValue},
                                               {"!", RowsShape::kExec},
                                               {"<!", RowsShape::kOne},
                                               {"", RowsShape::kMany}}};

class Parser {
 public:
  Parser(std::string_view text, const FileName& file, sql::Dialect dialect)
      : text_(text), file_(file), dialect_(dialect) {}

  ParsedFile Run() {
    if (CheckText(text_, problems_)) ReadText();
    // Who calls it is told that it is broken, not that it is not there.
    if (queries_.empty() && file_.method) {
      queries_.push_back({.route = {.method = *file_.method, .segments = file_.segments}});
    }
    return {.queries = std::move(queries_), .problems = problems_.Take()};
  }

 private:
  void ReadText() {
    tokens_ = Lex(text_, dialect_, problems_);
    readable_ = problems_.empty();
    const std::vector<Section> sections = FindSections();
    if (sections.empty()) {
      problems_.Add(ProblemKind::kSyntax, {}, "the file has no statement");
    } else if (!sections.front().name && !file_.method) {
      problems_.Add(ProblemKind::kRoute, {}, "the name says no method",
                    "name it .get.sql, .post.sql, .put.sql, .patch.sql or .delete.sql;\n"
                    "in a file of several queries each begins with a line -- name: NAME :many");
    }
    for (const Section& section : sections) ReadSection(section);
  }

  std::vector<Section> FindSections();
  void ReadSection(const Section& section);
  void ReadStatements(std::span<const Token> tokens, Query& query);
  void ReadCommand(const NameLine& line, bool has_rows, Query& query);
  void RefuseLateTags(std::span<const Token> tokens);
  void RefuseHiddenTags(std::span<const Token> tokens);
  Route RouteOf(const Section& section, const Query& query) const;

  const std::string_view text_;
  const FileName& file_;
  const sql::Dialect dialect_;
  Problems problems_;
  bool readable_ = true;  // as tokens
  std::vector<Token> tokens_;
  std::set<std::string_view> names_;
  std::vector<Query> queries_;
};

bool HasSignificant(std::span<const Token> tokens) {
  return std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return IsSignificant(t.kind); });
}

std::vector<Section> Parser::FindSections() {
  std::vector<Section> sections;
  const std::span<const Token> all(tokens_);
  std::size_t begin = 0;
  std::optional<NameLine> name;
  const auto close = [&](std::size_t end) {
    const auto tokens = all.subspan(begin, end - begin);
    if (HasSignificant(tokens)) {
      sections.push_back({.name = name, .tokens = tokens});
    } else if (name) {
      problems_.Add(ProblemKind::kSyntax, name->name_where, "this query has no statement");
    }
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto line = NameLineOf(text_, all[i]);
    if (!line) continue;
    close(i);
    name = line;
    begin = i + 1;
  }
  close(all.size());
  if (sections.size() > 1 && !sections.front().name) {
    const auto first = sections.front().tokens;
    problems_.Add(ProblemKind::kSyntax, std::ranges::find_if(first, IsSignificant, &Token::kind)->range,
                  "a statement above the first -- name: line", "each query of such a file has a name");
    sections.erase(sections.begin());
  }
  if (sections.size() > kQueriesMax) {
    problems_.Add(ProblemKind::kLimit, {}, "more than 200 queries");
    sections.resize(kQueriesMax);
  }
  return sections;
}

Route Parser::RouteOf(const Section& section, const Query& query) const {
  const bool writes =
      query.rows == RowsShape::kExec || std::ranges::any_of(query.statements, &QueryStatement::writes);
  Route route{.method = file_.method.value_or(writes ? Method::kPost : Method::kGet),
              .segments = file_.segments};
  if (section.name) route.segments.push_back({.text = std::string(section.name->name)});
  return route;
}

void Parser::ReadSection(const Section& section) {
  const auto first = std::ranges::find_if(section.tokens, IsSignificant, &Token::kind);
  const auto header_tokens = static_cast<std::size_t>(first - section.tokens.begin());
  Header header = ReadHeader(text_, section.tokens.first(header_tokens));

  Query query{.summary = std::move(header.summary), .description = std::move(header.description)};
  const Declared declared = ReadTags(header.tags, dialect_, query, problems_);
  RefuseHiddenTags(section.tokens);
  RefuseLateTags(section.tokens.subspan(header_tokens));
  if (section.name) {
    if (!IsQueryName(section.name->name)) {
      problems_.Add(ProblemKind::kRoute, section.name->name_where, "no name of a query",
                    "a letter or _, then letters, digits, _ and -, 63 at most");
      return;
    }
    query.name = section.name->name;
    ReadCommand(*section.name, declared.Has("rows"), query);
    if (!names_.insert(section.name->name).second) {
      problems_.Add(ProblemKind::kRoute, section.name->name_where, "a second query of this name");
      return;
    }
  }
  ReadStatements(section.tokens, query);
  query.route = RouteOf(section, query);
  if (readable_ && !query.statements.empty()) {
    ResolveParameters(text_, section.tokens, declared, query, problems_);
    CheckContradictions(text_, section.tokens, declared, query, problems_);
  }
  queries_.push_back(std::move(query));
}

void Parser::ReadCommand(const NameLine& line, bool has_rows, Query& query) {
  const auto found = std::ranges::find(kCommands, line.command, &Command::text);
  if (found == kCommands.end()) {
    problems_.Add(ProblemKind::kTag, line.command_where, std::string(line.command) + " is not known here",
                  "accepted: :many, :one, :exec and :execrows of sqlc; ^, $, ! and <! of aiosql");
  } else if (has_rows && !line.command.empty()) {
    problems_.Add(ProblemKind::kContradiction, line.command_where,
                  std::string(line.command) + " and @rows say the same thing", "leave one of them out");
  } else if (!has_rows) {
    query.rows = found->rows;
  }
}

void Parser::ReadStatements(std::span<const Token> tokens, Query& query) {
  constexpr std::size_t kStatementsMax = 100;
  for (const TokenSpan span : Split(text_, tokens, dialect_)) {
    const auto statement = tokens.subspan(span.begin, span.end - span.begin);
    const Range where = {.begin = statement.front().range.begin, .end = statement.back().range.end};
    if (query.statements.size() == kStatementsMax) {
      problems_.Add(ProblemKind::kLimit, statement.front().range, "more than 100 statements");
      return;
    }
    if (const std::string why = WhyNotServed(text_, statement); !why.empty()) {
      problems_.Add(ProblemKind::kSyntax, statement.front().range, why);
    }
    query.statements.push_back({.sql = Rewrite(text_, statement, dialect_),
                                .where = where,
                                .writes = Writes(text_, statement),
                                .changes_plainly = ChangesPlainly(text_, statement)});
  }
  if (query.statements.empty() && readable_) {
    problems_.Add(ProblemKind::kSyntax, tokens.front().range, "there is no statement here");
  }
}

// A tag that nobody reads could be the one that keeps callers out.
void Parser::RefuseLateTags(std::span<const Token> tokens) {
  for (const Token& token : tokens) {
    if (!IsComment(token.kind)) continue;
    for (const CommentLine& line : LinesOf(text_, token)) {
      const auto tag = TagOf(line);
      if (!tag || !IsTagName(tag->name)) continue;
      problems_.Add(ProblemKind::kTag, tag->where, "this tag stands below the beginning of its statement",
                    "tags stand above the statement; in a file of several queries, below -- name:");
    }
  }
}

void Parser::RefuseHiddenTags(std::span<const Token> tokens) {
  for (const Token& token : tokens) {
    if (!IsComment(token.kind)) continue;
    for (const CommentLine& line : LinesOf(text_, token)) {
      if (const auto tag = HiddenTagOf(line, IsTagName)) {
        problems_.Add(ProblemKind::kTag, *tag, "this tag does not begin its line", "write -- @tag");
      }
    }
  }
}

}  // namespace

ParsedFile ParseQueries(std::string_view text, const FileName& name, sql::Dialect dialect) {
  return Parser(text, name, dialect).Run();
}

bool CheckText(std::string_view text, Problems& problems) {
  if (text.size() > LexLimits::kFileBytes) {
    problems.Add(ProblemKind::kLimit, {}, "the file has more than 1 MiB");
    return false;
  }
  std::size_t at = 0;
  while (at < text.size() && text[at] != '\0') {
    const std::size_t bytes = Utf8SequenceLength(text.substr(at));
    if (bytes == 0) break;
    at += bytes;
  }
  if (at == text.size()) return true;
  const auto begin = static_cast<std::uint32_t>(at);
  problems.Add(ProblemKind::kFile, {.begin = begin, .end = begin + 1},
               text[at] == '\0' ? "a NUL byte: this is no text" : "this byte is not UTF-8");
  return false;
}

}  // namespace tidemill::files
