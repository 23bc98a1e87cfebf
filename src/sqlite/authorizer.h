// Authorizer: what SQL may do that is not the store's own. Transactions, savepoints and attached files are
// the store's business; of the pragmas, those are allowed that only tell something.
//
// SQLite asks it while it prepares a statement.
#pragma once

#include <utility>

struct sqlite3;

namespace tidemill::sqlite {

class FunctionSet;

class Authorizer {
 public:
  explicit Authorizer(const FunctionSet& functions) : functions_(functions) {}

  // Lives as long as the connection.
  void Install(sqlite3* db);

  bool allows_all() const { return own_ > 0; }

  // Whether what was prepared since the last call calls one of the functions, which write.
  bool TakeSawFunction() { return std::exchange(saw_function_, false); }

  // While one exists, everything is allowed.
  class OwnStatements {
   public:
    explicit OwnStatements(Authorizer& authorizer) : authorizer_(authorizer) { ++authorizer_.own_; }
    ~OwnStatements() { --authorizer_.own_; }
    OwnStatements(const OwnStatements&) = delete;
    OwnStatements& operator=(const OwnStatements&) = delete;

   private:
    Authorizer& authorizer_;
  };

 private:
  static int Ask(void* self, int action, const char* first, const char* second, const char* third,
                 const char* fourth);

  const FunctionSet& functions_;
  int own_ = 0;
  bool saw_function_ = false;
};

}  // namespace tidemill::sqlite
