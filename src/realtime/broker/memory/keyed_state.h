// KeyedState: what the keys of one map channel hold, findable by key, in order, and by when it expires.
//
// Knows neither limits nor streams: MapTable does. No operation takes longer than a search and the page that
// is asked for, whatever the number of keys. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text_hash.h"
#include "realtime/broker/map_broker.h"

namespace tidemill::broker::memory {

class KeyedState {
 public:
  static constexpr MonotonicTime kNever{std::numeric_limits<std::int64_t>::max()};

  struct Version {
    std::uint64_t number = 0;
    std::string epoch;
  };
  struct Held {
    PublicationPtr publication;
    MonotonicTime expires = kNever;
    std::unique_ptr<Version> version;  // the last that a publish gave; null: none did
  };

  explicit KeyedState(bool ordered) : ordered_(ordered) {}
  KeyedState(const KeyedState&) = delete;
  KeyedState& operator=(const KeyedState&) = delete;

  // Null: the key is not there. Valid until the key is taken.
  const Held* Find(std::string_view key) const;
  // Under `publication->key`, in place of what is there; its version stays.
  void Put(PublicationPtr publication, MonotonicTime expires);
  void SetVersion(std::string_view key, Version version);
  // The key is there.
  void Refresh(std::string_view key, MonotonicTime expires);
  PublicationPtr Take(std::string_view key);
  // Any one; it is not empty.
  PublicationPtr TakeOne();

  std::optional<MonotonicTime> next_expiry() const;
  // The one that expires first; null: none does.
  const Publication* first_to_expire() const;

  std::size_t size() const { return keys_.size(); }
  std::size_t bytes() const { return bytes_; }  // MapEntryBytes of all
  void ReadPage(const MapStateQuery& query, MapPage& page) const;

 private:
  using Keys = std::unordered_map<std::string, Held, TextHash, std::equal_to<>>;
  using Node = Keys::value_type;
  struct ByScore {
    using is_transparent = void;
    bool operator()(const Node* a, const Node* b) const;
    bool operator()(const Node* a, const OrderedCursor& b) const;
    bool operator()(const OrderedCursor& a, const Node* b) const;
  };
  struct ByKey {
    using is_transparent = void;
    bool operator()(const Node* a, const Node* b) const { return a->first < b->first; }
    bool operator()(const Node* a, std::string_view b) const { return a->first < b; }
    bool operator()(std::string_view a, const Node* b) const { return a < b->first; }
  };
  struct ByExpiry {
    bool operator()(const Node* a, const Node* b) const;
  };

  void List(const Node& node);
  void Unlist(const Node& node);
  template <class Iterator>
  void Fill(Iterator at, Iterator end, const MapStateQuery& query, MapPage& page) const;

  const bool ordered_;
  Keys keys_;
  std::set<const Node*, ByScore> by_score_;  // of an ordered one
  std::set<const Node*, ByKey> by_key_;      // of any other
  std::set<const Node*, ByExpiry> by_expiry_;
  std::size_t bytes_ = 0;
};

}  // namespace tidemill::broker::memory
