// VerifiedTokens: the callers of tokens that were verified lately, so that a token which comes with each
// request is not verified each time.
//
// A token is found by all of its bytes. It is forgotten kKeptFor after it was verified, so that a key that is
// withdrawn counts for no longer, and when it expires. Only what was verified is kept, and no more than
// kBytesMax; what was not asked for longest goes first.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/sip_hash.h"

namespace tidemill::auth {

class VerifiedTokens {
 public:
  static constexpr Duration kKeptFor = Seconds(10);
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  struct Now {
    MonotonicTime monotonic;
    WallTime wall;
  };

  VerifiedTokens() : hash_{SipKey::Random()}, newer_(0, hash_), older_(0, hash_) {}

  // Null: it must be verified. Holds until the next call.
  const Caller* Find(std::string_view token, Now now);
  // `good_until`: when it expires, with leeway; nullopt: never.
  void Add(std::string token, Caller caller, std::optional<WallTime> good_until, Now now);

  std::size_t bytes() const { return newer_bytes_ + older_bytes_; }

 private:
  struct Entry {
    Caller caller;
    std::optional<WallTime> good_until;
    MonotonicTime verified_at;
  };
  struct Hash {
    using is_transparent = void;
    SipKey key;
    std::size_t operator()(std::string_view token) const { return SipHash(key, token); }
  };
  using Table = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

  static std::size_t BytesOf(const std::string& token, const Entry& entry);
  void Insert(std::string token, Entry entry);

  const Hash hash_;
  // Two halves: when the newer one is full, it becomes the older one, and that one goes.
  Table newer_;
  Table older_;
  std::size_t newer_bytes_ = 0;
  std::size_t older_bytes_ = 0;
};

}  // namespace tidemill::auth
