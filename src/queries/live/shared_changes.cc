#include "queries/live/shared_changes.h"

#include <algorithm>

namespace tidemill::queries::live {

std::unique_ptr<ChangeSource> SharedChanges::Open(ChangeEvents& listener) {
  auto tap = std::make_unique<Tap>(*this, listener);
  taps_.push_back(tap.get());
  return tap;
}

void SharedChanges::OnChange(std::span<const TableChange> changes,
                             std::span<const std::string> transactions) {
  for (Tap* const each : taps_) {
    if (each->wanted_) each->listener_.OnChange(changes, transactions);
  }
}

void SharedChanges::OnChangeSomewhere() {
  for (Tap* const each : taps_) {
    if (each->wanted_) each->listener_.OnChangeSomewhere();
  }
}

void SharedChanges::OnNotLooking() {
  for (Tap* const each : taps_) {
    if (each->wanted_) each->listener_.OnNotLooking();
  }
}

void SharedChanges::Update() {
  if (source_ == nullptr) return;
  source_->SetWanted(std::ranges::any_of(taps_, &Tap::wanted_));
}

SharedChanges::Tap::~Tap() {
  std::erase(shared_.taps_, this);
  shared_.Update();
}

// Who comes later knows nothing of what was told before.
void SharedChanges::Tap::SetWanted(bool wanted) {
  const bool begins = wanted && !std::exchange(wanted_, wanted);
  if (!wanted) wanted_ = false;
  shared_.Update();
  if (begins) listener_.OnChangeSomewhere();
}

}  // namespace tidemill::queries::live
