// SharedChanges: one ChangeSource for several who want to be told.
//
// Each has a tap, which is a ChangeSource to it; the source is wanted while one of them wants it. Loop thread
// only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/live/changes.h"

namespace tidemill::queries::live {

class SharedChanges final : public ChangeEvents {
 public:
  // The source that tells this object; before anybody wants it.
  void SetSource(std::unique_ptr<ChangeSource> source) { source_ = std::move(source); }
  // Told by it from then on, as long as both are there; `listener` outlives the tasks of its tap.
  std::unique_ptr<ChangeSource> Open(ChangeEvents& listener);

  void OnChange(std::span<const TableChange> changes, std::span<const std::string> transactions) override;
  void OnChangeSomewhere() override;
  void OnNotLooking() override;

 private:
  class Tap final : public ChangeSource {
   public:
    Tap(SharedChanges& shared, ChangeEvents& listener) : shared_(shared), listener_(listener) {}
    ~Tap() override;
    std::string_view method() const override { return shared_.source_->method(); }
    Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn> key) override {
      return shared_.source_->Cover(std::move(tables), std::move(key));
    }
    void SetWanted(bool wanted) override;

    SharedChanges& shared_;
    ChangeEvents& listener_;
    bool wanted_ = false;
  };
  void Update();

  std::vector<Tap*> taps_;
  std::unique_ptr<ChangeSource> source_;  // last: its tasks tell the taps
};

}  // namespace tidemill::queries::live
