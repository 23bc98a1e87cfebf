// Prepared: the statements that one session has prepared, at most so many: the one that was not used for the
// longest time makes room. And what is known of each.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/metrics.h"
#include "postgres/protocol/backend.h"
#include "postgres/types/type_catalog.h"
#include "sql/rows.h"
#include "sql/statement.h"

namespace tidemill::postgres {

// What a server said of a statement.
struct Described {
  std::vector<std::uint32_t> parameters;
  std::vector<ColumnDescription> raw;
  std::shared_ptr<const sql::Columns> columns;  // null: types are missing
  std::vector<sql::Kind> kinds;                 // of the columns
  std::vector<std::uint8_t> formats;            // to ask for: binary for bytea; empty: all text
  std::vector<std::uint32_t> own;               // of their types, those that are not PostgreSQL's own
  std::uint64_t version = 0;                    // of the catalog that gave them

  // Gives columns and kinds their types from `catalog`; the OIDs that it does not know.
  std::vector<std::uint32_t> Resolve(const TypeCatalog& catalog);
};

struct PreparedStatement {
  explicit PreparedStatement(sql::Statement s) : statement(std::move(s)) {}
  const sql::Statement statement;
  std::string name;
  bool is_confirmed = false;             // the server has said that it is there
  std::shared_ptr<Described> described;  // null: the server has not said yet
};

class Prepared {
 public:
  Prepared(std::size_t count_max, metrics::Gauge& count, metrics::Counter& evicted)
      : count_max_(count_max), count_(count), evicted_(evicted) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { count_.Sub(static_cast<std::int64_t>(used_.size())); }

  // Null: it is not prepared.
  std::shared_ptr<PreparedStatement> Find(const sql::Statement& statement);
  // Under a name that no other had. What has to go for it is in TakeClosed.
  std::shared_ptr<PreparedStatement> Add(const sql::Statement& statement);
  // It is not there, or no longer what it was; kClose: the server has it still.
  enum class AtServer : std::uint8_t { kClose, kGone };
  void Remove(const PreparedStatement& statement, AtServer at_server);
  // The server has none of them any more: somebody said DEALLOCATE ALL, say.
  void RemoveAll();
  // The names that the next segment closes.
  std::vector<std::string> TakeClosed();

  std::size_t size() const { return used_.size(); }

 private:
  using List = std::list<std::shared_ptr<PreparedStatement>>;

  const std::size_t count_max_;
  metrics::Gauge& count_;
  metrics::Counter& evicted_;
  List used_;  // the one used last is first
  std::unordered_map<const void*, List::iterator> by_identity_;
  std::vector<std::string> closed_;
  std::uint64_t number_ = 0;
};

}  // namespace tidemill::postgres
