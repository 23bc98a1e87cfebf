#include "queries/catalog/operation_id.h"

#include <set>

#include "base/ascii.h"

namespace tidemill::queries {

std::string OperationId(const files::Route& route) {
  std::string id;
  for (const char c : files::Name(route.method)) id += ToLower(c);
  for (const files::Segment& segment : route.segments) {
    id += '_';
    for (const char c : segment.text) id += c == '-' ? '_' : c;
  }
  return id;
}

std::vector<std::string> OperationIds(const std::vector<const files::Route*>& routes) {
  std::vector<std::string> ids;
  std::set<std::string> taken;
  for (const files::Route* route : routes) taken.insert(OperationId(*route));
  std::set<std::string> given;
  for (const files::Route* route : routes) {
    const std::string base = OperationId(*route);
    std::string id = base;
    for (int number = 2; given.contains(id) || (id != base && taken.contains(id)); ++number) {
      id = base + "_" + std::to_string(number);
    }
    given.insert(id);
    ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace tidemill::queries
