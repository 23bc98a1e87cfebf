// Generations: how often each table, and each tag, has changed in this process, as far as it is known.
//
// Whoever keeps an answer reads the generations of what it depends on BEFORE it asks the database, and the
// answer is good while they are the same. A write raises them after its commit and before its client is told.
// So an answer that is found good holds every write whose client was told before the question. A slow reader
// that saw the state before the commit keeps an answer that was never good.
//
// While nobody knows whether a write has happened (Hold), nothing that depends on what it changes is kept: it
// may be committed at any time, and nobody would raise a generation then.
//
// A table is known by its name alone, in lower case: "public.Orders" and "orders" are the same here. Two
// tables of that name in two schemas end each other's answers, which costs a query and is never wrong.
//
// Any thread. It outlives all Dependencies.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidemill::queries {

// What was read of some Dependencies, in their order.
using SeenGenerations = std::vector<std::uint64_t>;

// What an answer depends on. Immutable but for the numbers behind it; any thread.
class Dependencies {
 public:
  SeenGenerations Read() const;
  // Whether nothing has changed since `seen` was read here.
  bool AreAt(const SeenGenerations& seen) const;
  // Whether any of them is held.
  bool AreHeld() const;
  const std::vector<std::string>& names() const { return names_; }  // in lower case, sorted, once each

 private:
  friend class Generations;
  std::vector<std::string> names_;
  struct Number {
    std::atomic<std::uint64_t> changes{0};
    std::atomic<std::uint32_t> holds{0};
  };
  std::vector<const Number*> numbers_;  // the first is of everything
};

class Generations {
 public:
  // Names that are kept apart; all further ones are one.
  static constexpr std::size_t kNamesMax = 10'000;

  Generations() = default;
  Generations(const Generations&) = delete;
  Generations& operator=(const Generations&) = delete;

  std::shared_ptr<const Dependencies> Depend(std::span<const std::string> names);
  // Stands among names for all of them.
  static constexpr std::string_view kEverything = "*";
  // Ends all answers that depend on any of `names`.
  void Bump(std::span<const std::string> names);
  // Ends all answers.
  void BumpAll() { everything_.changes.fetch_add(1); }
  // What depends on the name is not kept until Release, which ends what was begun meanwhile. One for each
  // Hold.
  void Hold(const std::string& name) { NumberToHold(name).holds.fetch_add(1); }
  void Release(const std::string& name);

  // As names are compared: what follows the last dot, in lower case.
  static std::string NameOf(std::string_view table_or_tag);

 private:
  using Number = Dependencies::Number;

  Number& NumberOf(const std::string& name);
  Number& NumberToHold(const std::string& name);

  Number everything_;
  Number others_;     // of the names beyond kNamesMax
  std::mutex mutex_;  // of the two below
  std::deque<Number> numbers_;
  std::unordered_map<std::string, Number*> number_of_name_;
};

}  // namespace tidemill::queries
