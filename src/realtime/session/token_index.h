// TokenIndex: which clients of a loop use the token of an id (the claim jti), to connect or to subscribe.
// Only tokens that have an id are in it.
//
// Loop thread only. Adding and removing take logarithmic time, however many clients share a token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "base/sip_hash.h"

namespace tidemill::session {

struct Client;

class TokenIndex {
  using Entry = std::pair<std::uint64_t, Client*>;  // the hash of the id; a client may be there several times
  using Entries = std::multiset<Entry>;

 public:
  TokenIndex() = default;
  TokenIndex(const TokenIndex&) = delete;
  TokenIndex& operator=(const TokenIndex&) = delete;

  // Keeps its client in the index.
  class Link {
   public:
    Link() = default;
    Link(Link&& other) noexcept : index_(std::exchange(other.index_, nullptr)), at_(other.at_) {}
    Link& operator=(Link&& other) noexcept {
      std::swap(index_, other.index_);
      std::swap(at_, other.at_);
      return *this;
    }
    ~Link() {
      if (index_) index_->entries_.erase(at_);
    }

   private:
    friend class TokenIndex;
    Link(TokenIndex& index, Entries::iterator at) : index_(&index), at_(at) {}
    TokenIndex* index_ = nullptr;  // null: it is in none
    Entries::iterator at_;
  };
  // An id of "" is in no index.
  Link Add(std::string_view id, Client& client) {
    if (id.empty()) return {};
    return Link(*this, entries_.emplace(SipHash(key_, id), &client));
  }

  // Goes through the clients that use the token, each once, in as many turns as it takes: whichever ends
  // meanwhile. Those that come meanwhile may be left out. Ids whose hashes are equal are not told apart.
  class Walk {
   public:
    Walk(const TokenIndex& index, std::string_view id)
        : index_(index), at_{SipHash(index.key_, id), nullptr} {}
    // Null: that was all.
    Client* Next() {
      const auto next = index_.entries_.upper_bound(at_);
      if (next == index_.entries_.end() || next->first != at_.first) return nullptr;
      at_ = *next;
      return at_.second;
    }

   private:
    const TokenIndex& index_;
    Entry at_;
  };

  std::size_t size() const { return entries_.size(); }

 private:
  const SipKey key_ = SipKey::Random();
  Entries entries_;
};

}  // namespace tidemill::session
