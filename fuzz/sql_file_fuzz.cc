// links: files
//
// A .sql file, by the rules of both databases. Its tokens side by side are the text. A statement that is
// rewritten has the same tokens as before, with numbers where names were, and leads back to each of their
// places. Whatever is wrong can be shown.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "queries/files/lexer.h"
#include "queries/files/parse.h"
#include "queries/files/rewrite.h"
#include "queries/files/split.h"

namespace {

using namespace tidemill::files;  // NOLINT: all of this is about it
using tidemill::sql::Dialect;

void CheckTokens(std::string_view text, std::span<const Token> tokens) {
  std::uint32_t at = 0;
  for (const Token& token : tokens) {
    TM_ASSERT(token.range.begin == at && token.range.end > at);
    at = token.range.end;
  }
  TM_ASSERT(at == text.size());
}

// The rewritten text, lexed again, beside the tokens that it was made of.
void CheckRewritten(std::string_view text, std::span<const Token> tokens, Dialect dialect) {
  const Rewritten rewritten = Rewrite(text, tokens, dialect);
  Problems ignored;
  const auto again = Lex(rewritten.text, dialect, ignored);
  TM_ASSERT(again.size() == tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view was = tokens[i].range.In(text);
    const std::string_view is = again[i].range.In(rewritten.text);
    TM_ASSERT(rewritten.positions.SourceOf(again[i].range.begin) == tokens[i].range.begin);
    if (tokens[i].kind != TokenKind::kParameter) {
      TM_ASSERT(again[i].kind == tokens[i].kind && was == is);
      continue;
    }
    TM_ASSERT(again[i].kind == TokenKind::kPlaceholder);
    const std::size_t number = std::stoul(std::string(is.substr(1)));
    TM_ASSERT(rewritten.names.at(number - 1) == was.substr(1));
  }
}

void CheckLexing(std::string_view text, Dialect dialect) {
  Problems problems;
  const auto tokens = Lex(text, dialect, problems);
  CheckTokens(text, tokens);
  const bool readable = problems.empty();
  for (const TokenSpan span : Split(text, tokens, dialect)) {
    const auto statement = std::span(tokens).subspan(span.begin, span.end - span.begin);
    TM_ASSERT(IsSignificant(statement.front().kind) && IsSignificant(statement.back().kind));
    if (readable) CheckRewritten(text, statement, dialect);
  }
}

void CheckChart(const Chart& chart) {
  const bool one = chart.kind == ChartKind::kPie || chart.kind == ChartKind::kNumber;
  const bool plot = chart.kind == ChartKind::kLine || chart.kind == ChartKind::kArea ||
                    chart.kind == ChartKind::kBar || chart.kind == ChartKind::kPie;
  TM_ASSERT(plot == !chart.x.empty());
  TM_ASSERT((chart.kind == ChartKind::kTable) == chart.y.empty());
  TM_ASSERT(chart.y.size() <= 1 || (!one && chart.series.empty()));
  TM_ASSERT(chart.title.size() <= 200 && chart.unit.size() <= 32);
}

void CheckParsing(std::string_view path, std::string_view text, Dialect dialect) {
  Problems ignored;
  const FileName name = ParseFileName(path, ignored);
  const ParsedFile file = ParseQueries(text, name, dialect);
  TM_ASSERT(file.problems.size() <= Problems::kMax + 1);
  TM_ASSERT(file.problems.empty() || !DescribeAll(path, text, file.problems).empty());
  if (!file.problems.empty()) return;
  TM_ASSERT(!file.queries.empty());
  for (const Query& query : file.queries) {
    TM_ASSERT(query.statements.size() == 1 || query.transaction);
    TM_ASSERT(query.charts.size() <= 8);
    for (const Chart& chart : query.charts) CheckChart(chart);
    for (const QueryStatement& statement : query.statements) {
      TM_ASSERT(statement.parameters.size() == statement.sql.names.size());
      for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
        TM_ASSERT(query.parameters.at(statement.parameters[i]).name == statement.sql.names[i]);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  for (const Dialect dialect : {Dialect::kPostgres, Dialect::kSqlite}) {
    if (CheckText(text, problems)) CheckLexing(text, dialect);
    CheckParsing("orders/[id].put.sql", text, dialect);
    CheckParsing("orders.get.sql", text, dialect);
    CheckParsing("orders.sql", text, dialect);
  }
  return 0;
}
