// links: answer values_testing values
//
// A query string and the headers Accept, Prefer, Range and Accept-Encoding, a line each. Whatever is asked
// for, the SQL is one of the texts that the file allows, and the links of the answer lead to where they say.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "queries/answer/compress.h"
#include "queries/answer/error_answer.h"
#include "queries/answer/rows_answer.h"
#include "queries/values/request_reader.h"
#include "queries/values/statements.h"
#include "queries/values/testing/described.h"

namespace {

using namespace tidemill;           // NOLINT: all of this is about it
using namespace tidemill::queries;  // NOLINT
using testing::TypeOf;

struct Target {
  explicit Target(std::string page) {
    const testing::Described described = {.parameters = {{"id", TypeOf("int4")}, {"tags", TypeOf("text[]")}},
                                          .columns = {{"id", TypeOf("int4")}, {"at", TypeOf("timestamptz")}}};
    endpoint = testing::MakeEndpoint(
        "a.get.sql", page + "-- @param tags = null\n-- @param q text\nselect :id, :tags, :q", described);
    reader = *RequestReader::Make(endpoint, sql::Dialect::kPostgres);
    statements = *Statements::Make(endpoint, sql::Dialect::kPostgres);
    answer = *AnswerPlan::Make(endpoint, sql::Dialect::kPostgres);
  }
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const RequestReader> reader;
  std::shared_ptr<const Statements> statements;
  std::shared_ptr<const AnswerPlan> answer;
};

std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// Nothing but these words, names in quotes and places is behind the file's statement.
void CheckText(const Target& target, const sql::Call& call) {
  const std::string& file = target.endpoint->statements[0].sql.text();
  std::string_view text = call.statement.text();
  const std::string head = "select * from (\n" + file + "\n) as tidemill_rows";
  TM_ASSERT(text.starts_with(head));
  text.remove_prefix(head.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n,()"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    constexpr std::array kWords = {"",      "order",  "by",    "asc", "desc", "nulls",  "first", "last",
                                   "limit", "offset", "where", "<",   ">",    "\"id\"", "\"at\""};
    const bool known = std::ranges::find(kWords, word) != kWords.end();
    TM_ASSERT(known || (word.starts_with('$') && word.size() == 2));
  }
  TM_ASSERT(call.parameters.size() <= 7);
}

// The page behind this one, as its Link says.
void CheckLink(const Target& target, const TypedRequest& request, const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name != "Link") continue;
    TM_ASSERT(value.starts_with("<?"));
    testing::Asking next{.query = value.substr(2, value.find('>') - 2)};
    const auto read = target.reader->Read(next.Get(), "");
    TM_ASSERT(read.has_value());
    TM_ASSERT(read->inputs == request.inputs && read->sort == request.sort);
    TM_ASSERT(read->page != request.page || !value.contains("next"));
  }
}

void CheckAnswer(const Target& target, const TypedRequest& request, std::string_view query) {
  auto columns = std::make_shared<sql::Columns>();
  for (const EndpointColumn& column : target.endpoint->columns) {
    columns->push_back({.name = column.name, .type = column.type});
  }
  RowsAnswer answer(target.answer, request);
  answer.OnColumns(columns);
  const std::string row = "72026-11-27 10:00:00+00";
  const std::array slots = {sql::Row::Slot{.offset = 0, .bytes = 1, .kind = sql::Kind::kInteger},
                            sql::Row::Slot{.offset = 1, .bytes = 22, .kind = sql::Kind::kTimestampTz}};
  for (std::uint64_t i = 0; i <= request.page->limit; ++i) answer.OnRow(sql::Row(row.data(), slots));
  answer.EndCall(0);
  CheckLink(target, request, answer.Finish({.query = query}));
}

void Check(const Target& target, std::string_view text) {
  testing::Asking asking{.query = std::string(TakeLine(text))};
  for (const char* const name : {"Accept", "Prefer", "Range", "Accept-Encoding", "Prefer", "Range-Unit"}) {
    if (!text.empty()) asking.headers.emplace_back(name, TakeLine(text));
  }
  const http::Request& request = asking.Get();
  TakesGzip(request);
  const auto read = target.reader->Read(request, "");
  if (!read) {
    const http::Response refused = ToResponse(MakeError(read.error()));
    TM_ASSERT(refused.status >= 400 && refused.status < 500 && IsUtf8(refused.body));
    return;
  }
  TM_ASSERT(read->page && read->page->limit <= 9);
  const std::vector<sql::Call> calls = target.statements->Calls(*read);
  TM_ASSERT(calls.size() == 1);
  CheckText(target, calls.front());
  if (read->format == Format::kJson) CheckAnswer(target, *read, asking.query);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Target offset("-- @page limit=5 max=9\n-- @sort id|at\n");
  static const Target keyset("-- @page keyset at,id desc limit=5 max=9\n");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Check(offset, text);
  Check(keyset, text);
  return 0;
}
