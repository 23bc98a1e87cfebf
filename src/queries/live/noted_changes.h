// NotedChanges: what triggers have noted, row by row, as changes of tables (schema.h).
//
// Of one table the values of a column are known if each transaction that wrote into it has noted some there,
// and none that it has written more.
// A value; one owner at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/live/changes.h"

namespace tidemill::queries::live {

class NotedChanges {
 public:
  // In a column of the table the transaction has touched rows with this value; nullopt: with NULL.
  void AddValue(std::string_view transaction, std::string_view table, std::string_view column,
                std::optional<std::string_view> value);
  // It may have touched any value of any column.
  void AddAll(std::string_view transaction, std::string_view table) { Of(transaction, table).all = true; }

  bool empty() const { return noted_.empty(); }
  std::vector<std::string> Transactions() const;  // each once
  std::vector<TableChange> Changes() const;       // each table once

 private:
  using Columns = std::map<std::string, std::set<std::string>, std::less<>>;
  struct Noted {
    bool all = false;
    Columns columns;
  };
  Noted& Of(std::string_view transaction, std::string_view table) {
    return noted_[{std::string(table), std::string(transaction)}];
  }
  static void Join(Columns& columns, const Noted& noted);

  std::map<std::pair<std::string, std::string>, Noted> noted_;  // by table and transaction
};

}  // namespace tidemill::queries::live
