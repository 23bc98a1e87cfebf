// Query: one use of a prepared statement: bind, then step from row to row.
//
//   TM_TRY_ASSIGN(Query query, connection.Prepare(kFind));
//   query.Bind(1, id);
//   TM_TRY_ASSIGN(const bool found, query.Step());
//   if (found) use(query.Text(0));
//
// The thread of its connection, and not longer than that. Its end gives the statement back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "sql/parameter.h"
#include "sql/rows.h"
#include "sqlite/statement_cache.h"

namespace tidemill::sqlite {

class Connection;

class Query {
 public:
  // `owned`: where the cache does not keep it.
  Query(Connection& connection, Prepared& prepared, std::unique_ptr<Prepared> owned);
  Query(Query&& other) noexcept
      : connection_(other.connection_),
        prepared_(std::exchange(other.prepared_, nullptr)),
        owned_(std::move(other.owned_)),
        bind_code_(other.bind_code_) {}
  Query& operator=(Query&&) = delete;
  ~Query();

  // Parameters are numbered from 1; one that is not bound is NULL. What a value lacks, Step says. Text and
  // bytes are borrowed until the query ends, or is reset.
  void Bind(int number, std::int64_t value);
  void Bind(int number, int value) { Bind(number, std::int64_t{value}); }
  void Bind(int number, double value);
  void Bind(int number, std::string_view text);
  void Bind(int number, const char* text) { Bind(number, std::string_view(text)); }
  void BindBytes(int number, std::string_view bytes);
  void BindNull(int number);
  void Bind(int number, const sql::Parameter& parameter) = delete;  // says which: BindParameter
  void BindParameter(int number, const sql::Parameter& parameter);

  // True: it stands on the next row; false: it has run to its end.
  sql::Result<bool> Step();
  // For another run with other parameters.
  void Reset();

  // Of the row it stands on; columns are numbered from 0. Views hold until the next Step or Reset.
  bool IsNull(int column) const;
  std::int64_t Integer(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;

  int parameters() const;
  // Whether it leaves the file as it is.
  bool reads_only() const;
  // As they are now: a change of the schema changes them with the first Step.
  std::shared_ptr<const sql::Columns> Columns();
  sqlite3_stmt* handle() const { return prepared_->handle; }

 private:
  void Note(int code);

  Connection& connection_;
  Prepared* prepared_;
  std::unique_ptr<Prepared> owned_;
  int bind_code_ = 0;  // of the first Bind that failed
};

}  // namespace tidemill::sqlite
