#include "sqlite/query.h"

#include <sqlite3.h>

#include "sqlite/connection.h"
#include "sqlite/values.h"

namespace tidemill::sqlite {
Query::Query(Connection& connection, Prepared& prepared, std::unique_ptr<Prepared> owned)
    : connection_(connection), prepared_(&prepared), owned_(std::move(owned)) {
  prepared_->in_use = true;
}

Query::~Query() {
  if (prepared_ == nullptr) return;
  Reset();
  prepared_->in_use = false;
}

void Query::Reset() {
  sqlite3_reset(handle());
  sqlite3_clear_bindings(handle());
  bind_code_ = SQLITE_OK;
}

void Query::Note(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Query::Bind(int number, std::int64_t value) { Note(sqlite3_bind_int64(handle(), number, value)); }
void Query::Bind(int number, double value) { Note(sqlite3_bind_double(handle(), number, value)); }
void Query::BindNull(int number) { Note(sqlite3_bind_null(handle(), number)); }

void Query::Bind(int number, std::string_view text) {
  Note(sqlite3_bind_text64(handle(), number, text.data() == nullptr ? "" : text.data(), text.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
}

void Query::BindBytes(int number, std::string_view bytes) {
  // A null pointer would be NULL.
  Note(sqlite3_bind_blob64(handle(), number, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                           SQLITE_STATIC));
}

void Query::BindParameter(int number, const sql::Parameter& parameter) {
  Note(sqlite::Bind(handle(), number, parameter));
}

sql::Result<bool> Query::Step() {
  if (bind_code_ != SQLITE_OK) return std::unexpected(connection_.Failed(bind_code_, sqlite::Step::kPrepare));
  const int code = sqlite3_step(handle());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sql::Failure failure = connection_.Failed(code, sqlite::Step::kRun);
  // A name that is missing is the statement's, since the tables have changed, or one in a value: FTS5 takes
  // 'abc:def' for a column's.
  if (failure.kind == sql::FailureKind::kInvalidStatement && connection_.Prepares(prepared_->statement)) {
    failure.kind = sql::FailureKind::kInvalidValue;
  }
  return std::unexpected(std::move(failure));
}

bool Query::IsNull(int column) const { return sqlite3_column_type(handle(), column) == SQLITE_NULL; }
std::int64_t Query::Integer(int column) const { return sqlite3_column_int64(handle(), column); }
double Query::Real(int column) const { return sqlite3_column_double(handle(), column); }

std::string_view Query::Text(int column) const {
  const void* const text = sqlite3_column_text(handle(), column);
  return ViewOf(text, sqlite3_column_bytes(handle(), column));
}

std::string_view Query::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(handle(), column);
  return ViewOf(bytes, sqlite3_column_bytes(handle(), column));
}

int Query::parameters() const { return sqlite3_bind_parameter_count(handle()); }
bool Query::reads_only() const { return sqlite3_stmt_readonly(handle()) != 0 && !prepared_->calls_function; }

std::shared_ptr<const sql::Columns> Query::Columns() {
  const int reprepared = sqlite3_stmt_status(handle(), SQLITE_STMTSTATUS_REPREPARE, 0);
  if (prepared_->columns == nullptr || prepared_->reprepared != reprepared) {
    prepared_->columns = std::make_shared<const sql::Columns>(ColumnsOf(handle()));
    prepared_->reprepared = reprepared;
  }
  return prepared_->columns;
}

}  // namespace tidemill::sqlite
