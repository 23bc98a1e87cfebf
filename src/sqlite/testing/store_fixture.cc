#include "sqlite/testing/store_fixture.h"

#include <charconv>

namespace tidemill::sqlite::testing {

Bench::Bench(SqliteSettings settings, std::string vfs) {
  auto opened = Store::Open(std::move(settings), metrics, {.vfs = std::move(vfs)});
  if (!opened) ADD_FAILURE() << opened.error().detail;
  TM_ASSERT(opened.has_value());
  store = *std::move(opened);
  database.emplace(*loop, *store);
}

Bench::~Bench() {
  database.reset();
  store.reset();
  net::testing::RunTurns(*loop);
}

std::vector<std::string> ToLines(const sql::Rows& rows) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      if (column > 0) line += ' ';
      const sql::Field field = rows[i][column];
      line += field.is_null() ? "~" : field.text;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Bench& StoreTest::bench() {
  if (bench_ == nullptr) bench_ = std::make_unique<Bench>(settings_, vfs_);
  return *bench_;
}

sql::Result<sql::RunResult> StoreTest::Run(std::string text, sql::Parameters parameters, sql::Access access) {
  return Await(database().Run(
      {.statement = sql::Statement(std::move(text)), .parameters = std::move(parameters), .access = access}));
}

StoreTest::Lines StoreTest::Must(std::string text, sql::Parameters parameters) {
  const auto result = Run(text, std::move(parameters));
  if (result) return ToLines(result->rows);
  ADD_FAILURE() << text << ": " << result.error().message;
  return {};
}

sql::Failure StoreTest::FailureOf(std::string text, sql::Parameters parameters) {
  const auto result = Run(text, std::move(parameters));
  if (!result) return result.error();
  ADD_FAILURE() << text << " has not failed";
  return {};
}

std::int64_t StoreTest::Count(const std::string& table) {
  const auto result = Read("select count(*) from " + table);
  if (!result) ADD_FAILURE() << result.error().message;
  return result ? result->rows[0][0].AsInteger().value_or(-1) : -1;
}

double StoreTest::Metric(std::string_view line) const {
  const std::string text = bench_->registry.Text();
  const std::size_t at = text.find("\n" + std::string(line) + " ");
  if (at == std::string::npos) return -1;
  double value = 0;
  const char* const begin = text.data() + at + line.size() + 2;
  std::from_chars(begin, text.data() + text.size(), value);
  return value;
}

std::string IntegrityOf(const std::string& path) {
  auto connection = Connection::Open({.path = path, .role = Role::kExaminer});
  if (!connection) return connection.error().message;
  auto query = (*connection)->Prepare(sql::Statement("pragma integrity_check"));
  if (!query) return query.error().message;
  const auto row = query->Step();
  if (!row) return row.error().message;
  return *row ? std::string(query->Text(0)) : "nothing";
}

}  // namespace tidemill::sqlite::testing
