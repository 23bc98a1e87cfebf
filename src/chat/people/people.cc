#include "chat/people/people.h"

#include <utility>
#include <vector>

#include "chat/people/claims.h"

namespace tidemill::chat {

Task<Outcome<User>> People::FromClaims(std::string user, std::string claims) {
  Outcome<Identity> identity = IdentityOf(user, claims);
  if (!identity) co_return std::unexpected(identity.error());
  if (const Known* const known = Find(user); known && known->identity == *identity) co_return known->user;
  co_return co_await Upsert(*std::move(identity));
}

Task<Outcome<User>> People::FromService(std::string user) {
  Outcome<Identity> identity = IdentityOf(user, "");
  if (!identity) co_return Refuse(Code::kUnauthenticated, "X-Tidemill-User names a user of 1 to 64 bytes");
  if (const Known* const known = Find(user)) co_return known->user;
  auto found = co_await store_.users().Find(std::vector<std::string>{user});
  if (!found) co_return std::unexpected(found.error());
  if (found->empty()) {
    identity->is_bot = true;
    co_return co_await Upsert(*std::move(identity));
  }
  User& there = found->front();
  Identity known{.id = there.id,
                 .name = there.name,
                 .username = there.username,
                 .role = there.role,
                 .is_bot = there.is_bot};
  co_return Keep(std::move(known), std::move(there));
}

Task<Outcome<User>> People::Upsert(Identity identity) {
  auto upserted = co_await store_.users().Upsert(identity);
  if (!upserted) co_return std::unexpected(upserted.error());
  if (upserted->has_changed) announce_(upserted->user);
  co_return Keep(std::move(identity), std::move(upserted->user));
}

User People::Keep(Identity identity, User user) {
  if (known_.size() >= kKnownMax) known_.erase(known_.begin());
  known_.insert_or_assign(
      user.id, Known{.identity = std::move(identity), .user = user, .until = loop_.Now() + kKnownFor});
  return user;
}

const People::Known* People::Find(std::string_view user) const {
  const auto found = known_.find(user);
  return found == known_.end() || found->second.until < loop_.Now() ? nullptr : &found->second;
}

void People::Forget(std::string_view user) {
  if (const auto found = known_.find(user); found != known_.end()) known_.erase(found);
}

}  // namespace tidemill::chat
