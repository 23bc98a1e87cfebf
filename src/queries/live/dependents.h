// Dependents: which cohorts a change matters to.
//
// One owner at a time. Tables are known by their last name alone, as in queries/cache/generations.h: two of
// one name in two schemas have each other's cohorts asked anew.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "queries/live/changes.h"
#include "queries/live/cohort.h"

namespace tidemill::queries::live {

class Dependents {
 public:
  // By its footprint and its value; it is not among them.
  void Add(const CohortPtr& cohort);
  void Remove(const CohortPtr& cohort);

  // Each once.
  std::vector<CohortPtr> Find(std::span<const TableChange> changes) const;
  // Those that any change of these tables matters to.
  std::vector<CohortPtr> FindUnkeyed(std::span<const std::string> tables) const;

 private:
  using Cohorts = std::set<CohortPtr>;
  using ByValue = std::unordered_map<std::string, Cohorts>;
  struct OfTable {
    Cohorts all;                            // that any change matters to
    std::map<std::string, ByValue> values;  // by column
  };

  std::map<std::string, OfTable> tables_;
};

}  // namespace tidemill::queries::live
