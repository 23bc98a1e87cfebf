#include "sqlite/function_set.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sqlite/connection.h"

namespace tidemill::sqlite {

struct FunctionSet::Installed {
  std::shared_ptr<const Function> function;
  Connection* connection = nullptr;
  bool was_called = false;

  static void Call(sqlite3_context* context, int count, sqlite3_value** values);
};

namespace {

std::vector<std::optional<std::string>> TextsOf(int count, sqlite3_value** values) {
  std::vector<std::optional<std::string>> texts;
  for (sqlite3_value* const value : std::span(values, static_cast<std::size_t>(count))) {
    if (sqlite3_value_type(value) == SQLITE_NULL) {
      texts.emplace_back();
      continue;
    }
    const auto* const text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    texts.emplace_back(std::string(text, static_cast<std::size_t>(sqlite3_value_bytes(value))));
  }
  return texts;
}

// As RAISE in a trigger would fail: the caller is told in these words.
void FailWith(sqlite3_context* context, const std::string& message) {
  sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
  sqlite3_result_error_code(context, SQLITE_CONSTRAINT_TRIGGER);
}

}  // namespace

void FunctionSet::Installed::Call(sqlite3_context* context, int count, sqlite3_value** values) {
  auto& self = *static_cast<Installed*>(sqlite3_user_data(context));
  const std::vector<std::optional<std::string>> texts = TextsOf(count, values);
  const Result<FunctionRun> run = self.function->call(texts);
  if (!run) return FailWith(context, run.error().detail);
  const auto done = self.connection->RunInside({.statement = run->statement, .parameters = run->parameters});
  if (!done) return FailWith(context, done.error().message);
  self.was_called = true;
  if (run->result.empty()) return sqlite3_result_int64(context, *done);
  sqlite3_result_text(context, run->result.data(), static_cast<int>(run->result.size()), SQLITE_TRANSIENT);
}

FunctionSet::FunctionSet(std::vector<std::shared_ptr<const Function>> functions) {
  for (auto& function : functions) {
    installed_.push_back(std::make_unique<Installed>(Installed{.function = std::move(function)}));
  }
}

FunctionSet::~FunctionSet() = default;

void FunctionSet::Install(sqlite3* db, Connection& connection) {
  for (const auto& each : installed_) {
    each->connection = &connection;
    const Function& function = *each->function;
    for (int count = function.arguments_min; count <= function.arguments_max; ++count) {
      sqlite3_create_function_v2(db, function.name.c_str(), count, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                 each.get(), &Installed::Call, nullptr, nullptr, nullptr);
    }
  }
}

bool FunctionSet::Has(std::string_view name) const {
  return std::ranges::any_of(installed_, [name](const auto& each) { return each->function->name == name; });
}

void FunctionSet::NoteCommit() {
  for (const auto& each : installed_) {
    if (std::exchange(each->was_called, false)) each->function->committed();
  }
}

}  // namespace tidemill::sqlite
