// CachedAnswers: ends answers of the cache when anybody has written into the tables that they are made of,
// whoever wrote.
//
// Its endpoints are those with @cache. A change that it is told of is one that every later query sees, so
// that an answer that is made after it has ended the one before holds it; a query that ran meanwhile is not
// kept, as its generations were read before (cache/generations.h). Where nobody tells, time alone ends
// answers, as it does while the database does not say what has changed.
//
// Loop thread only. What is borrowed outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/live/changes.h"

namespace tidemill::queries::live {

class CachedAnswers final : public ChangeEvents, private net::Timer {
 public:
  // `end` ends the answers that depend on these names (Cache::Changed).
  using End = std::function<void(std::vector<std::string> names)>;
  CachedAnswers(net::Loop& loop, End end) : loop_(loop), end_(std::move(end)) {}

  // Before anything is served; it outlives the tasks.
  void SetSource(ChangeSource& source) { source_ = &source; }
  void ReplaceServing(const Serving& serving);

  void OnChange(std::span<const TableChange> changes, std::span<const std::string> transactions) override;
  void OnChangeSomewhere() override;
  void OnNotLooking() override {}

  // Whose writes are noticed; for tests.
  std::size_t followed() const;

 private:
  using ServedPtr = std::shared_ptr<const ServedEndpoint>;
  struct Followed {
    Coverage coverage;
    bool known = false;  // the database has said what covers it
  };
  void OnTimer() override;
  void Begin();
  static Task<void> CoverAll(CachedAnswers& self);
  void Take(const ServedPtr& served, Coverage coverage);

  net::Loop& loop_;
  const End end_;
  ChangeSource* source_ = nullptr;
  std::map<ServedPtr, Followed> endpoints_;
  std::map<std::string, std::set<std::string>> by_table_;  // names of answers, by Generations::NameOf
  bool covers_ = false;
  bool again_ = false;
  TaskScope scope_;
};

}  // namespace tidemill::queries::live
