#include "postgres/statements/prepared.h"

#include <utility>

#include "postgres/types/built_in_types.h"

namespace tidemill::postgres {

std::vector<std::uint32_t> Described::Resolve(const TypeCatalog& catalog) {
  std::vector<std::uint32_t> missing;
  auto typed = std::make_shared<sql::Columns>();
  kinds.clear();
  formats.clear();
  own.clear();
  bool any_binary = false;
  for (const ColumnDescription& column : raw) {
    auto type = catalog.Find(column.type_oid);
    if (!BuiltInType(column.type_oid)) own.push_back(column.type_oid);
    if (!type) {
      missing.push_back(column.type_oid);
      continue;
    }
    kinds.push_back(type->kind);
    formats.push_back(type->kind == sql::Kind::kBytes ? 1 : 0);
    any_binary = any_binary || formats.back() == 1;
    typed->push_back({.name = column.name,
                      .type = std::move(type),
                      .table_oid = column.table_oid,
                      .attribute = column.attribute});
  }
  if (!any_binary) formats.clear();
  version = catalog.version();
  if (missing.empty()) columns = std::move(typed);
  return missing;
}

std::shared_ptr<PreparedStatement> Prepared::Find(const sql::Statement& statement) {
  if (!used_.empty() && used_.front()->statement.identity() == statement.identity()) return used_.front();
  const auto found = by_identity_.find(statement.identity());
  if (found == by_identity_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  return used_.front();
}

std::shared_ptr<PreparedStatement> Prepared::Add(const sql::Statement& statement) {
  while (used_.size() >= count_max_) {
    evicted_.Add();
    const std::shared_ptr<PreparedStatement> oldest = used_.back();
    Remove(*oldest, AtServer::kClose);
  }
  auto added = std::make_shared<PreparedStatement>(statement);
  added->name = "t" + std::to_string(++number_);
  used_.push_front(added);
  by_identity_[statement.identity()] = used_.begin();
  count_.Add(1);
  return added;
}

void Prepared::Remove(const PreparedStatement& statement, AtServer at_server) {
  const auto found = by_identity_.find(statement.statement.identity());
  if (found == by_identity_.end() || (*found->second)->name != statement.name) return;
  if (at_server == AtServer::kClose) closed_.push_back(statement.name);
  const List::iterator place = found->second;
  by_identity_.erase(found);
  used_.erase(place);
  count_.Sub(1);
}

void Prepared::RemoveAll() {
  count_.Sub(static_cast<std::int64_t>(used_.size()));
  by_identity_.clear();
  used_.clear();
}

std::vector<std::string> Prepared::TakeClosed() { return std::exchange(closed_, {}); }

}  // namespace tidemill::postgres
