// OwnWrites: the transactions of our endpoints' last writes: whoever sent one waits for a result that has it.
// And SeenWrites: what a live query's subscribers are told of transactions.
//
// One owner at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queries/live/question.h"

namespace tidemill::queries::live {

// What a result has.
struct SeenWrites {
  std::string settled;             // all up to this one; "": nobody knows
  std::vector<std::string> later;  // and these
  bool own = false;                // one of our endpoints' writes is among those that it was asked for
};

class OwnWrites {
 public:
  static constexpr std::size_t kMax = 10'000;
  // Of later ones, so many are told; those of our endpoints before others.
  static constexpr std::size_t kToldMax = 20;

  void Add(const std::string& transaction) {
    if (!all_.insert(transaction).second) return;
    order_.push_back(transaction);
    if (order_.size() <= kMax) return;
    all_.erase(order_.front());
    order_.pop_front();
  }
  bool Has(const std::string& transaction) const { return all_.contains(transaction); }

  // Our endpoints', and of the others those with the highest numbers, at most so many.
  std::vector<std::string> Choose(std::span<const std::string> transactions, std::size_t others_max) const {
    std::vector<std::string> chosen;
    std::vector<std::string> others;
    for (const std::string& each : transactions) (Has(each) ? chosen : others).push_back(each);
    for (std::string& each : NewestOf(others, others_max)) chosen.push_back(std::move(each));
    return chosen;
  }
  // Of `transactions`, which a result has, beside those up to `settled`.
  SeenWrites Tell(std::string settled, std::span<const std::string> transactions) const {
    SeenWrites told{.settled = std::move(settled), .later = {}, .own = false};
    std::vector<std::string> others;
    for (const std::string& each : transactions) {
      const bool own = Has(each);
      told.own = told.own || own;
      if (told.settled.empty() || !IsLater(each, told.settled)) continue;
      if (own && told.later.size() < kToldMax) told.later.push_back(each);
      if (!own) others.push_back(each);
    }
    for (std::string& each : NewestOf(others, kToldMax - told.later.size())) {
      told.later.push_back(std::move(each));
    }
    return told;
  }

 private:
  std::unordered_set<std::string> all_;
  std::deque<std::string> order_;
};

}  // namespace tidemill::queries::live
