#include "queries/live/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/json_writer.h"
#include "net/next_turn.h"
#include "realtime/broker/map_broker.h"
#include "sql/json.h"
#include "sql/json_value.h"

namespace tidemill::queries::live {
namespace {

using sql::FailureKind;
using Outcome = std::expected<std::vector<Row>, NoRows>;

// What is seen of transactions before the rows are.
struct Sight {
  bool visible = true;  // all that were asked for
  std::string settled;  // as of Answered
};

// The key of what has one row.
constexpr std::string_view kOnlyKey = "row";

std::unexpected<NoRows> Refuse(std::string text) {
  return std::unexpected(NoRows{.why = NoRows::Why::kRefused, .text = std::move(text)});
}

NoRows WhyNoRows(const sql::Failure& failure, std::uint64_t rows_max) {
  switch (failure.kind) {
    case FailureKind::kLimitExceeded:
      return {
          .why = NoRows::Why::kRefused,
          .text = fmt::format("the result is larger than queries.live.rows_max = {} or bytes_max allow: {}",
                              rows_max, failure.message)};
    case FailureKind::kInvalidStatement:  // a table has changed: the endpoint is described anew
    case FailureKind::kUnavailable:
    case FailureKind::kTimeout:
    case FailureKind::kCancelled:
    case FailureKind::kBusy:
    case FailureKind::kLocked:
    case FailureKind::kSerialization:
    case FailureKind::kFull:
    case FailureKind::kNotReady: return {.why = NoRows::Why::kAway, .text = failure.message};
    default: return {.why = NoRows::Why::kRefused, .text = failure.message};
  }
}

// Several columns are a JSON array of their texts.
std::expected<std::string, NoRows> KeyOf(const sql::Row& row, const std::vector<std::size_t>& columns) {
  std::string key;
  JsonWriter json(key);
  if (columns.size() > 1) json.BeginArray();
  for (const std::size_t column : columns) {
    const sql::Field field = row[column];
    if (field.is_null()) return Refuse("a column of @live key= is null");
    if (columns.size() > 1) {
      json.String(field.text);
    } else {
      key = field.text;
    }
  }
  if (columns.size() > 1) json.EndArray();
  if (key.empty() || key.size() > broker::kMapKeyBytesMax) {
    return Refuse(fmt::format("a key of @live has 1 to {} bytes", broker::kMapKeyBytesMax));
  }
  return key;
}

std::vector<std::size_t> KeyColumns(const files::Query& query, const sql::Columns& columns) {
  std::vector<std::size_t> found;
  for (const std::string& name : query.live->key) {
    const auto at = std::ranges::find(columns, name, &sql::Column::name);
    if (at != columns.end()) found.push_back(static_cast<std::size_t>(at - columns.begin()));
  }
  return found;
}

std::string ValueOf(const sql::Rows& rows) {
  sql::JsonBuffer out;
  const sql::Field field = rows[0][0];
  AppendJsonValue(*rows.columns()[0].type, field.kind, field.text, {}, out);
  return out.Take();
}

// A row after the other, with pauses for others.
Task<Outcome> ReadRows(net::Loop& loop, const files::Query& query, sql::Rows rows, std::size_t most) {
  std::vector<Row> read;
  if (query.rows == files::RowsShape::kValue) {
    if (!rows.empty()) read.push_back({.key = std::string(kOnlyKey), .data = ValueOf(rows)});
    co_return read;
  }
  const std::vector<std::size_t> key_columns = KeyColumns(query, rows.columns());
  const bool many = query.rows == files::RowsShape::kMany;
  if (many && key_columns.size() != query.live->key.size()) co_return Refuse("the columns have changed");
  sql::JsonRows json(sql::JsonShape::kLines);
  json.OnColumns(std::make_shared<const sql::Columns>(rows.columns()));
  std::unordered_set<std::string> keys;
  const std::size_t count = std::min(rows.size(), many ? most : 1);
  for (std::size_t i = 0; i < count; ++i) {
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    std::string key(kOnlyKey);
    if (many) {
      TM_CO_TRY_ASSIGN(key, KeyOf(rows[i], key_columns));
    }
    if (!keys.insert(key).second) {
      co_return Refuse(fmt::format("@live key= does not tell the rows apart: two have {}", key));
    }
    json.OnRow(rows[i]);
    std::string data = json.Take();
    data.pop_back();  // the end of the line
    read.push_back({.key = std::move(key), .data = std::move(data)});
  }
  co_return read;
}

sql::Call VisibilityCall(std::vector<std::string> transactions) {
  static const sql::Statement statement(
      "select coalesce(pg_catalog.bool_and(pg_catalog.pg_visible_in_snapshot(x::pg_catalog.xid8, "
      "pg_catalog.pg_current_snapshot())), true), "
      "(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8 - 1)"
      "::pg_catalog.text from pg_catalog.unnest($1::pg_catalog.text[]) as x");
  return {.statement = statement, .parameters = {std::move(transactions)}, .access = sql::Access::kRead};
}

Task<sql::Result<sql::Rows>> Ask(sql::Database& database, sql::Call call,
                                 std::optional<std::vector<std::string>> transactions, Sight& sight) {
  if (!transactions) {
    TM_CO_TRY_ASSIGN(sql::RunResult result, co_await database.Run(std::move(call)));
    co_return std::move(result.rows);
  }
  sql::Call first = VisibilityCall(*std::move(transactions));
  first.limits = {.deadline = call.limits.deadline, .wait_max = call.limits.wait_max};
  first.settings = std::exchange(call.settings, nullptr);
  std::vector<sql::Call> calls;
  calls.push_back(std::move(first));
  calls.push_back(std::move(call));
  TM_CO_TRY_ASSIGN(std::vector<sql::RunResult> results, co_await database.RunAll(std::move(calls)));
  sight.visible = results[0].rows[0][0].text == "t";
  sight.settled = results[0].rows[0][1].text;
  co_return std::move(results[1].rows);
}

}  // namespace

Task<std::expected<Answered, NoRows>> AskRows(net::Loop& loop, sql::Database& database,
                                              const Question& question,
                                              std::optional<std::vector<std::string>> transactions,
                                              std::uint64_t rows_max) {
  std::vector<sql::Call> calls = question.served->statements->Calls(question.request);
  sql::Call call = std::move(calls.front());
  // Of a page one row more than it has is asked for.
  const auto& page = question.request.page;
  const std::size_t most = page ? page->limit : rows_max;
  call.access = sql::Access::kRead;
  call.settings = question.settings;
  call.limits = {.rows_max = page ? std::min<std::uint64_t>(page->limit, rows_max) + 1 : rows_max,
                 .deadline = loop.clock().Now() + question.served->timeout};
  Sight sight;
  auto rows = co_await Ask(database, std::move(call), std::move(transactions), sight);
  if (!rows) {
    if (rows.error().kind == FailureKind::kInvalidStatement) question.served->NoteStale();
    co_return std::unexpected(WhyNoRows(rows.error(), rows_max));
  }
  if (!sight.visible) co_return std::unexpected(NoRows{.why = NoRows::Why::kNotVisible, .text = {}});
  TM_CO_TRY_ASSIGN(std::vector<Row> read,
                   co_await ReadRows(loop, question.served->query(), *std::move(rows), most));
  co_return Answered{.rows = std::move(read), .settled = std::move(sight.settled)};
}

std::vector<std::string> NewestOf(std::span<const std::string> transactions, std::size_t count_max) {
  std::vector<std::string_view> all(transactions.begin(), transactions.end());
  const auto count = static_cast<std::ptrdiff_t>(std::min(all.size(), count_max));
  std::ranges::partial_sort(all, all.begin() + count, IsLater);
  return {all.begin(), all.begin() + count};
}

}  // namespace tidemill::queries::live
