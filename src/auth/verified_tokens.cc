#include "auth/verified_tokens.h"

#include <utility>

namespace tidemill::auth {

std::size_t VerifiedTokens::BytesOf(const std::string& token, const Entry& entry) {
  constexpr std::size_t kNodeBytes = 64;
  return sizeof(Table::value_type) + kNodeBytes + token.capacity() + entry.caller.user.capacity() +
         entry.caller.claims.capacity() + entry.caller.token.id.capacity();
}

const Caller* VerifiedTokens::Find(std::string_view token, Now now) {
  auto found = newer_.find(token);
  if (found == newer_.end()) {
    const auto old = older_.find(token);
    if (old == older_.end()) return nullptr;
    auto kept = older_.extract(old);
    older_bytes_ -= BytesOf(kept.key(), kept.mapped());
    Insert(std::move(kept.key()), std::move(kept.mapped()));
    found = newer_.find(token);
  }
  const Entry& entry = found->second;
  const bool is_good =
      now.monotonic - entry.verified_at < kKeptFor && (!entry.good_until || now.wall < *entry.good_until);
  if (is_good) return &entry.caller;
  newer_bytes_ -= BytesOf(found->first, entry);
  newer_.erase(found);
  return nullptr;
}

void VerifiedTokens::Add(std::string token, Caller caller, std::optional<WallTime> good_until, Now now) {
  if (newer_.contains(token)) return;
  Insert(std::move(token),
         {.caller = std::move(caller), .good_until = good_until, .verified_at = now.monotonic});
}

void VerifiedTokens::Insert(std::string token, Entry entry) {
  const std::size_t bytes = BytesOf(token, entry);
  if (newer_bytes_ + bytes > kBytesMax / 2) {
    older_ = std::exchange(newer_, Table(0, hash_));
    older_bytes_ = std::exchange(newer_bytes_, 0);
  }
  newer_bytes_ += bytes;
  newer_.emplace(std::move(token), std::move(entry));
}

}  // namespace tidemill::auth
