#include "realtime/session/registry.h"

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

void Registry::Add(Session& session) {
  ++sessions_;
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
  const RegistryLink link = session.registry_link;
  session.registry_link = {};
  if (link.next) link.next->registry_link.previous = link.previous;
  if (link.previous) {
    link.previous->registry_link.next = link.next;
    return;
  }
  first_of_user_.erase(&session);
  if (link.next) first_of_user_.insert(link.next);
}

std::vector<Session*> Registry::OfUser(std::string_view user) const {
  std::vector<Session*> sessions;
  const auto first = first_of_user_.find(user);
  if (first == first_of_user_.end()) return sessions;
  for (Session* at = *first; at; at = at->registry_link.next) sessions.push_back(at);
  return sessions;
}

std::vector<Session*> Registry::All() const {
  std::vector<Session*> sessions;
  sessions.reserve(sessions_);
  for (Session* first : first_of_user_) {
    for (Session* at = first; at; at = at->registry_link.next) sessions.push_back(at);
  }
  return sessions;
}

std::vector<std::string_view> Registry::Users() const {
  std::vector<std::string_view> users;
  users.reserve(first_of_user_.size());
  for (const Session* session : first_of_user_) users.push_back(session->user());
  return users;
}

}  // namespace tidemill::session
