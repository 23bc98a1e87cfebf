#include "queries/cache/generations.h"

#include <algorithm>

#include "base/ascii.h"

namespace tidemill::queries {

SeenGenerations Dependencies::Read() const {
  SeenGenerations seen;
  seen.reserve(numbers_.size());
  for (const auto* number : numbers_) seen.push_back(number->changes.load());
  return seen;
}

bool Dependencies::AreAt(const SeenGenerations& seen) const {
  return std::ranges::equal(numbers_, seen, {}, [](const auto* number) { return number->changes.load(); });
}

bool Dependencies::AreHeld() const {
  return std::ranges::any_of(numbers_, [](const auto* number) { return number->holds.load() > 0; });
}

std::string Generations::NameOf(std::string_view table_or_tag) {
  return ToLower(table_or_tag.substr(table_or_tag.rfind('.') + 1));
}

std::shared_ptr<const Dependencies> Generations::Depend(std::span<const std::string> names) {
  auto dependencies = std::make_shared<Dependencies>();
  for (const std::string& name : names) dependencies->names_.push_back(NameOf(name));
  std::ranges::sort(dependencies->names_);
  const auto again = std::ranges::unique(dependencies->names_);
  dependencies->names_.erase(again.begin(), again.end());

  dependencies->numbers_.push_back(&everything_);
  const std::lock_guard lock(mutex_);
  for (const std::string& name : dependencies->names_) dependencies->numbers_.push_back(&NumberOf(name));
  return dependencies;
}

void Generations::Bump(std::span<const std::string> names) {
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    if (name == kEverything) everything_.changes.fetch_add(1);
    const auto found = number_of_name_.find(NameOf(name));
    // Nobody depends on a name that is not known, unless it is one of the others.
    (found != number_of_name_.end() ? *found->second : others_).changes.fetch_add(1);
  }
}

Generations::Number& Generations::NumberToHold(const std::string& name) {
  if (name == kEverything) return everything_;
  const std::lock_guard lock(mutex_);
  return NumberOf(NameOf(name));
}

// Ended before it is let go: what was begun meanwhile is not good afterwards.
void Generations::Release(const std::string& name) {
  Number& number = NumberToHold(name);
  number.changes.fetch_add(1);
  number.holds.fetch_sub(1);
}

Generations::Number& Generations::NumberOf(const std::string& name) {
  if (const auto found = number_of_name_.find(name); found != number_of_name_.end()) return *found->second;
  if (numbers_.size() >= kNamesMax) return others_;
  Number& number = numbers_.emplace_back();
  number_of_name_.emplace(name, &number);
  return number;
}

}  // namespace tidemill::queries
