// FunctionSet: the functions of one connection, and which of them its transaction has called. As its
// connection: one thread at a time.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sqlite/function.h"

struct sqlite3;

namespace tidemill::sqlite {

class Connection;

class FunctionSet {
 public:
  explicit FunctionSet(std::vector<std::shared_ptr<const Function>> functions);
  ~FunctionSet();
  FunctionSet(const FunctionSet&) = delete;
  FunctionSet& operator=(const FunctionSet&) = delete;

  // Both live as long as it.
  void Install(sqlite3* db, Connection& connection);
  bool Has(std::string_view name) const;
  // The transaction is committed.
  void NoteCommit();

 private:
  struct Installed;
  std::vector<std::unique_ptr<Installed>> installed_;
};

}  // namespace tidemill::sqlite
