// ChannelWalk: a walk over the channels that one loop owns, a slice at a time, so that other work of the loop
// comes between two slices.
//
// Channels may come and go meanwhile: one that is there all the time is found exactly once, one that is not
// may be found or not. When the table grows, what was found of it is found anew. The walk is handed from
// slice to slice; whoever has it is on the owner's loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/broker/broker.h"
#include "realtime/broker/glob.h"

namespace tidemill::broker {

class ChannelWalk {
 public:
  // Buckets and channels looked at in one slice: some tenths of a millisecond.
  static constexpr std::size_t kSliceLooks = 2000;

  // `pattern`: a glob pattern ("": all). It ends at the next owner's begin, or with `count_max` + 1 found.
  ChannelWalk(std::string pattern, std::size_t count_max)
      : pattern_(std::move(pattern)), count_max_(count_max) {}

  // Goes on to the next owner, behind what was found of the one before.
  void BeginOwner() {
    begun_ = found_.size();
    bucket_ = 0;
    buckets_ = 0;
    ended_ = false;
  }
  bool ended() const { return ended_; }
  bool found_too_many() const { return found_.size() > count_max_; }
  std::vector<ChannelCount> TakeFound() { return std::move(found_); }

  // Looks at the next slice of `map`, whose keys are names. `subscriptions_of` gives how many an entry has.
  template <class Map, class Subscriptions>
  void WalkOn(const Map& map, Subscriptions subscriptions_of) {
    if (buckets_ != map.bucket_count()) {
      found_.resize(begun_);
      bucket_ = 0;
      buckets_ = map.bucket_count();
    }
    std::size_t looks = 0;
    for (; bucket_ < buckets_ && looks < kSliceLooks && !found_too_many(); ++bucket_, ++looks) {
      for (auto entry = map.begin(bucket_); entry != map.end(bucket_); ++entry, ++looks) {
        if (const std::uint64_t subscriptions = subscriptions_of(*entry))
          Look(NameOf(entry->first), subscriptions);
      }
    }
    ended_ = bucket_ == buckets_ || found_too_many();
  }

 private:
  static const std::string& NameOf(const std::string& name) { return name; }
  static const std::string& NameOf(const ChannelName& name) { return name.value(); }

  void Look(const std::string& name, std::uint64_t subscriptions) {
    if (!pattern_.empty() && !MatchesGlob(pattern_, name)) return;
    found_.push_back({.channel = name, .subscriptions = subscriptions});
  }

  const std::string pattern_;
  const std::size_t count_max_;
  std::vector<ChannelCount> found_;
  std::size_t begun_ = 0;    // of found_: where those of this owner begin
  std::size_t bucket_ = 0;   // the next
  std::size_t buckets_ = 0;  // of the table when it was begun
  bool ended_ = false;
};

}  // namespace tidemill::broker
