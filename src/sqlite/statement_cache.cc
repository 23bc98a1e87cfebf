#include "sqlite/statement_cache.h"

#include <sqlite3.h>

#include <utility>

namespace tidemill::sqlite {

Prepared::~Prepared() { sqlite3_finalize(handle); }

Prepared* StatementCache::Find(std::string_view text) {
  const auto found = by_text_.find(text);
  if (found == by_text_.end() || (*found->second)->in_use) return nullptr;
  statements_.splice(statements_.begin(), statements_, found->second);
  return found->second->get();
}

std::unique_ptr<Prepared> StatementCache::Keep(std::unique_ptr<Prepared> prepared) {
  if (by_text_.contains(prepared->statement.text())) return prepared;
  MakeRoom();
  if (statements_.size() >= statements_max_) return prepared;
  prepared->kept = true;
  statements_.push_front(std::move(prepared));
  by_text_.emplace(statements_.front()->statement.text(), statements_.begin());
  return nullptr;
}

void StatementCache::Clear() {
  by_text_.clear();
  statements_.clear();
}

void StatementCache::MakeRoom() {
  for (auto at = statements_.end(); statements_.size() >= statements_max_ && at != statements_.begin();) {
    --at;
    if ((*at)->in_use) continue;
    by_text_.erase((*at)->statement.text());
    at = statements_.erase(at);
  }
}

}  // namespace tidemill::sqlite
