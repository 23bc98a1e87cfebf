#include "queries/live/noted_changes.h"

namespace tidemill::queries::live {
namespace {

// What triggers note in the place of a column that their table does not have any more (schema.cc).
constexpr std::string_view kColumnIsGone = "tidemill: the column is gone";

}  // namespace

void NotedChanges::AddValue(std::string_view transaction, std::string_view table, std::string_view column,
                            std::optional<std::string_view> value) {
  if (value == kColumnIsGone) return AddAll(transaction, table);
  std::set<std::string>& values = Of(transaction, table).columns[std::string(column)];
  if (value) values.emplace(*value);
}

std::vector<std::string> NotedChanges::Transactions() const {
  std::set<std::string> all;
  for (const auto& [of, noted] : noted_) all.insert(of.second);
  return {all.begin(), all.end()};
}

void NotedChanges::Join(Columns& columns, const Noted& noted) {
  if (noted.all) return columns.clear();
  std::erase_if(columns, [&](const auto& each) { return !noted.columns.contains(each.first); });
  for (auto& [column, values] : columns) {
    const auto found = noted.columns.find(column);
    values.insert(found->second.begin(), found->second.end());
  }
}

std::vector<TableChange> NotedChanges::Changes() const {
  std::vector<TableChange> changes;
  for (auto at = noted_.begin(); at != noted_.end();) {
    const std::string& table = at->first.first;
    Columns columns = at->second.columns;
    for (; at != noted_.end() && at->first.first == table; ++at) Join(columns, at->second);
    TableChange& change = changes.emplace_back(TableChange{.table = table, .columns = {}});
    for (const auto& [column, values] : columns) {
      change.columns.push_back({.column = column, .values = {values.begin(), values.end()}});
    }
  }
  return changes;
}

}  // namespace tidemill::queries::live
