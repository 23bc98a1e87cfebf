#include "queries/live/dependents.h"

#include <algorithm>
#include <utility>

#include "queries/cache/generations.h"

namespace tidemill::queries::live {
namespace {

void Once(std::vector<CohortPtr>& cohorts) {
  std::ranges::sort(cohorts);
  cohorts.erase(std::ranges::unique(cohorts).begin(), cohorts.end());
}

}  // namespace

void Dependents::Add(const CohortPtr& cohort) {
  const Footprint& footprint = *cohort->footprint;
  for (const std::string& table : footprint.tables) tables_[table].all.insert(cohort);
  for (const std::string& table : footprint.keyed) {
    OfTable& of = tables_[table];
    if (cohort->key_value) {
      of.values[footprint.column][*cohort->key_value].insert(cohort);
    } else {
      of.all.insert(cohort);
    }
  }
}

void Dependents::Remove(const CohortPtr& cohort) {
  const FootprintPtr footprint = std::exchange(cohort->footprint, nullptr);
  if (footprint == nullptr) return;
  const auto forget = [this](std::map<std::string, OfTable>::iterator at) {
    if (at->second.all.empty() && at->second.values.empty()) tables_.erase(at);
  };
  for (const auto* const list : {&footprint->tables, &footprint->keyed}) {
    for (const std::string& table : *list) {
      const auto of = tables_.find(table);
      if (of == tables_.end()) continue;
      of->second.all.erase(cohort);
      const auto values = of->second.values.find(footprint->column);
      if (cohort->key_value && values != of->second.values.end()) {
        const auto cohorts = values->second.find(*cohort->key_value);
        if (cohorts != values->second.end()) {
          cohorts->second.erase(cohort);
          if (cohorts->second.empty()) values->second.erase(cohorts);
        }
        if (values->second.empty()) of->second.values.erase(values);
      }
      forget(of);
    }
  }
}

std::vector<CohortPtr> Dependents::Find(std::span<const TableChange> changes) const {
  std::vector<CohortPtr> found;
  const auto add = [&found](const Cohorts& cohorts) {
    found.insert(found.end(), cohorts.begin(), cohorts.end());
  };
  for (const TableChange& change : changes) {
    const auto of = tables_.find(Generations::NameOf(change.table));
    if (of == tables_.end()) continue;
    add(of->second.all);
    for (const auto& [column, by_value] : of->second.values) {
      const auto touched = std::ranges::find(change.columns, column, &TouchedColumn::column);
      if (touched == change.columns.end()) {
        for (const auto& [value, cohorts] : by_value) add(cohorts);
        continue;
      }
      for (const std::string& value : touched->values) {
        if (const auto cohorts = by_value.find(value); cohorts != by_value.end()) add(cohorts->second);
      }
    }
  }
  Once(found);
  return found;
}

std::vector<CohortPtr> Dependents::FindUnkeyed(std::span<const std::string> tables) const {
  std::vector<CohortPtr> found;
  for (const std::string& table : tables) {
    const auto of = tables_.find(Generations::NameOf(table));
    if (of != tables_.end()) found.insert(found.end(), of->second.all.begin(), of->second.all.end());
  }
  Once(found);
  return found;
}

}  // namespace tidemill::queries::live
