#include "realtime/session/registry.h"

#include <algorithm>
#include <cstring>

#include "realtime/session/session.h"

namespace tidemill::session {

std::size_t Registry::UserHash::operator()(std::string_view user) const {
  return std::hash<std::string_view>{}(user);
}

std::size_t Registry::UserHash::operator()(const Session* session) const { return (*this)(session->user()); }

bool Registry::UserEqual::operator()(const Session* a, const Session* b) const {
  return a->user() == b->user();
}

bool Registry::UserEqual::operator()(std::string_view a, const Session* b) const { return a == b->user(); }

bool Registry::UserEqual::operator()(const Session* a, std::string_view b) const { return a->user() == b; }

// Of bytes that are random, and that nobody but us chooses for what is in the table.
std::size_t Registry::SecretHash::operator()(const Uuid& secret) const {
  std::size_t hash = 0;
  std::memcpy(&hash, secret.bytes.data() + secret.bytes.size() - sizeof(hash), sizeof(hash));
  return hash;
}

std::size_t Registry::SecretHash::operator()(const Session* session) const {
  return (*this)(*session->secret());
}

bool Registry::SecretEqual::operator()(const Uuid& a, const Session* b) const { return a == *b->secret(); }

void Registry::Add(Session& session) {
  ++sessions_;
  if (session.secret()) by_secret_.insert(&session);
  const auto [first, inserted] = first_of_user_.insert(&session);
  if (inserted) return;
  // Second place: the one in the set stays the first.
  Session* const head = *first;
  session.registry_link = {.previous = head, .next = head->registry_link.next};
  if (session.registry_link.next) session.registry_link.next->registry_link.previous = &session;
  head->registry_link.next = &session;
}

void Registry::Remove(Session& session) {
  --sessions_;
  if (session.secret()) by_secret_.erase(&session);
  const RegistryLink link = session.registry_link;
  for (Walk& walk : walks_) {
    if (walk.next_ == &session) walk.next_ = link.next;
  }
  session.registry_link = {};
  if (link.next) link.next->registry_link.previous = link.previous;
  if (link.previous) {
    link.previous->registry_link.next = link.next;
    return;
  }
  first_of_user_.erase(&session);
  if (link.next) first_of_user_.insert(link.next);
}

Session* Registry::FirstOf(std::string_view user) const {
  const auto first = first_of_user_.find(user);
  return first == first_of_user_.end() ? nullptr : *first;
}

Registry::Walk::Walk(Registry& registry, std::string_view user) : next_(registry.FirstOf(user)) {
  registry.walks_.PushFront(*this);
}

Session* Registry::Walk::Next() {
  Session* const session = next_;
  if (session) next_ = session->registry_link.next;
  return session;
}

Session* Registry::WalkAll::Next() {
  for (;;) {
    if (walk_) {
      if (Session* const session = walk_->Next()) return session;
      walk_.reset();
    }
    if (users_.empty()) {
      LookFurther();
      if (users_.empty()) return nullptr;
    }
    walk_.emplace(registry_, users_.back());
    users_.pop_back();
  }
}

// A table that has grown has put its users elsewhere: those not given yet may be anywhere.
void Registry::WalkAll::LookFurther() {
  constexpr std::size_t kBucketsMax = 4096;
  const auto& table = registry_.first_of_user_;
  if (table.bucket_count() != buckets_) {
    buckets_ = table.bucket_count();
    bucket_ = 0;
  }
  for (std::size_t looked = 0; bucket_ < buckets_ && users_.empty() && looked < kBucketsMax; ++looked) {
    for (auto at = table.begin(bucket_); at != table.end(bucket_); ++at) users_.push_back((*at)->user());
    ++bucket_;
  }
  done_ = bucket_ >= buckets_ && users_.empty();
}

Session* Registry::BySecret(const Uuid& secret) const {
  const auto found = by_secret_.find(secret);
  return found == by_secret_.end() ? nullptr : *found;
}

std::size_t Registry::CountOfUser(std::string_view user) const {
  std::size_t count = 0;
  for (const Session* at = FirstOf(user); at; at = at->registry_link.next) ++count;
  return count;
}

std::vector<Session*> Registry::Some(std::size_t count_max) const {
  std::vector<Session*> sessions;
  sessions.reserve(std::min(count_max, sessions_));
  for (Session* first : first_of_user_) {
    for (Session* at = first; at; at = at->registry_link.next) {
      if (sessions.size() == count_max) return sessions;
      sessions.push_back(at);
    }
  }
  return sessions;
}

std::size_t Registry::AppendUserHashes(std::size_t bucket, std::size_t count,
                                       std::vector<std::size_t>& hashes) const {
  const std::size_t enough = hashes.size() + count;
  for (; bucket < first_of_user_.bucket_count(); ++bucket) {
    if (hashes.size() >= enough) return bucket;
    for (auto at = first_of_user_.begin(bucket); at != first_of_user_.end(bucket); ++at) {
      hashes.push_back(UserHash{}(*at));
    }
  }
  return 0;
}

}  // namespace tidemill::session
