#include "queries/catalog/sqlite_describer.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "base/result.h"
#include "queries/catalog/sqlite_type.h"
#include "queries/catalog/words_of.h"

namespace tidemill::queries {
namespace {

using Outcome = std::expected<void, NotDescribed>;

constexpr const char* kSchema = "select type, name, tbl_name, rootpage from sqlite_master";
// Columns that are never null: declared so, or the row's number under another name.
constexpr const char* kNeverNull =
    "select name from pragma_table_xinfo(?1) as x where x.\"notnull\" = 1 or (x.pk = 1"
    " and lower(x.type) = 'integer'"
    " and (select count(*) from pragma_table_xinfo(?1) where pk > 0) = 1"
    " and not exists (select 1 from pragma_index_list(?1) where origin = 'pk'))";

// What the file holds, for telling what a statement's program opens.
struct Schema {
  std::map<std::int64_t, std::string> table_of_page;  // of tables and of their indexes
  std::vector<std::string> views;                     // in lower case
};

class SqliteDescriber final : public Describer {
 public:
  explicit SqliteDescriber(sql::Database& database) : database_(database) {}

  Task<std::expected<Endpoint, NotDescribed>> Describe(std::shared_ptr<const files::File> file,
                                                       const files::Query& query) override {
    Endpoint endpoint{.file = file, .query = &query, .access = sql::Access::kRead};
    for (const files::Parameter& parameter : query.parameters) {
      endpoint.parameters.push_back({.type = SqliteType(parameter.type)});
    }
    TM_CO_TRY(co_await ReadSchema());
    for (const files::QueryStatement& statement : query.statements) {
      TM_CO_TRY(co_await DescribeStatement(*file, statement, endpoint));
    }
    SortOnce(endpoint.reads);
    SortOnce(endpoint.writes);
    const bool noticed = query.live && !query.live->poll;
    if (noticed) endpoint.why_no_live_key = "SQLite does not tell which rows another process has changed";
    co_return endpoint;
  }

 private:
  static void SortOnce(std::vector<std::string>& names) {
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
  }

  Task<Outcome> ReadSchema() {
    if (schema_) co_return Outcome();
    static const sql::Statement statement(kSchema);
    const auto found = co_await database_.Run({.statement = statement, .access = sql::Access::kRead});
    if (!found) co_return std::unexpected(found.error());
    Schema schema;
    for (std::size_t i = 0; i < found->rows.size(); ++i) {
      const sql::Row row = found->rows[i];
      if (row[0].text == "view") schema.views.push_back(ToLower(row[1].text));
      const std::int64_t page = row[3].AsInteger().value_or(0);
      if (page > 0) schema.table_of_page[page] = row[2].text;
    }
    schema_ = std::move(schema);
    co_return Outcome();
  }

  Task<Outcome> DescribeStatement(const files::File& file, const files::QueryStatement& statement,
                                  Endpoint& endpoint) {
    const sql::Statement prepared(statement.sql.text);
    auto described = co_await database_.Describe(prepared);
    if (!described) co_return std::unexpected(WhyNotDescribed(file, statement, described.error()));
    endpoint.statements.push_back({.sql = prepared, .parameters = statement.parameters});
    if (described->access == sql::Access::kWrite) {
      if (endpoint.query->route.method == files::Method::kGet) {
        co_return std::unexpected(files::Problem{.kind = files::ProblemKind::kContradiction,
                                                 .where = statement.where,
                                                 .message = "it writes, and GET only reads",
                                                 .hint = "name the file .post.sql"});
      }
      endpoint.access = sql::Access::kWrite;
    }
    TM_CO_TRY(co_await SetColumns(*std::move(described), prepared.text(), endpoint));
    co_return co_await AddTables(statement, endpoint);
  }

  // A view may hide an outer join.
  Task<Outcome> SetColumns(sql::Description described, std::string text, Endpoint& endpoint) {
    const bool keeps =
        KeepsNotNull(text, sql::Dialect::kSqlite) && !Mentions(text, sql::Dialect::kSqlite, schema_->views);
    endpoint.columns.clear();
    for (std::size_t i = 0; i < described.columns.size(); ++i) {
      EndpointColumn column{.name = described.columns[i].name, .type = described.columns[i].type, .doc = {}};
      const sql::ColumnOrigin& origin = described.origins[i];
      if (keeps && !origin.table.empty()) {
        TM_CO_TRY_ASSIGN(const auto never, co_await NeverNull(origin.table));
        column.nullable = std::ranges::find(never, ToLower(origin.column)) == never.end();
      }
      endpoint.columns.push_back(std::move(column));
    }
    co_return Outcome();
  }

  // Of a table, in lower case.
  Task<std::expected<std::vector<std::string>, NotDescribed>> NeverNull(std::string table) {
    if (const auto found = never_null_.find(table); found != never_null_.end()) co_return found->second;
    static const sql::Statement statement(kNeverNull);
    const auto found =
        co_await database_.Run({.statement = statement, .parameters = {table}, .access = sql::Access::kRead});
    if (!found) co_return std::unexpected(found.error());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < found->rows.size(); ++i) names.push_back(ToLower(found->rows[i][0].text));
    never_null_[table] = names;
    co_return names;
  }

  // By the program that SQLite makes of the statement, with those of its triggers: what it opens, it touches.
  // EXPLAIN counts as what it explains, so that of a write goes to the writer; nothing of it runs.
  Task<Outcome> AddTables(const files::QueryStatement& statement, Endpoint& endpoint) {
    const sql::Statement explain("explain " + statement.sql.text,
                                 {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
    const auto program =
        co_await database_.Run({.statement = explain,
                                .parameters = sql::Parameters(statement.parameters.size(), sql::Null{}),
                                .access = endpoint.access});
    if (!program && IsAway(program.error())) co_return std::unexpected(program.error());
    if (!program) endpoint.knows_tables = false;
    for (std::size_t i = 0; program && i < program->rows.size(); ++i) NoteStep(program->rows[i], endpoint);
    co_return Outcome();
  }

  // addr, opcode, p1, p2, p3 …
  void NoteStep(const sql::Row& step, Endpoint& endpoint) const {
    constexpr std::int64_t kMainDatabase = 0;
    const std::string_view code = step[1].text;
    const std::int64_t p1 = step[2].AsInteger().value_or(0);
    const std::int64_t p2 = step[3].AsInteger().value_or(0);
    const std::int64_t p3 = step[4].AsInteger().value_or(0);
    if (code == "VOpen" || code == "VUpdate") endpoint.knows_tables = false;
    if (code == "Clear" && p2 == kMainDatabase) return Note(p1, endpoint.writes);
    if (p3 != kMainDatabase) return;
    if (code == "OpenRead" || code == "ReopenIdx") Note(p2, endpoint.reads);
    if (code == "OpenWrite") Note(p2, endpoint.writes);
  }
  void Note(std::int64_t page, std::vector<std::string>& tables) const {
    const auto found = schema_->table_of_page.find(page);
    if (found != schema_->table_of_page.end()) tables.push_back(found->second);
  }

  sql::Database& database_;
  std::optional<Schema> schema_;
  std::map<std::string, std::vector<std::string>> never_null_;
};

}  // namespace

std::unique_ptr<Describer> MakeSqliteDescriber(sql::Database& database) {
  return std::make_unique<SqliteDescriber>(database);
}

}  // namespace tidemill::queries
