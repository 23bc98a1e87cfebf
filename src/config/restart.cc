#include "config/restart.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace tidemill::config {
namespace {

bool IsSame(const Field& a, const Field& b) {
  const auto same = [](auto* left, auto* right) {
    if constexpr (std::is_same_v<decltype(left), decltype(right)>) {
      return *left == *right;
    } else {
      return false;
    }
  };
  return std::visit(same, a, b);
}

void AddChanged(const std::vector<Key>& keys, void* running, void* wanted, std::vector<std::string>& names) {
  for (const Key& key : keys) {
    if (key.facts.reload == Reload::kYes) continue;
    if (!IsSame(key.field(running), key.field(wanted))) names.push_back(key.name);
  }
}

}  // namespace

std::vector<std::string> KeysThatNeedRestart(const AnySchema& schema, void* running, void* wanted) {
  std::vector<std::string> names;
  AddChanged(schema.keys(), running, wanted, names);
  for (const TableList& list : schema.tables()) {
    const std::vector<std::string> tables = list.names(running);
    if (list.reload == Reload::kNo && tables != list.names(wanted)) names.push_back(list.key);
    for (const std::string& name : tables) {
      if (list.find(wanted, name) != nullptr) AddChanged(list.KeysOf(name), running, wanted, names);
    }
  }
  return names;
}

}  // namespace tidemill::config
