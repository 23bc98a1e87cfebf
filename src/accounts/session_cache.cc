#include "accounts/session_cache.h"

#include <algorithm>
#include <utility>

#include "accounts/secret_token.h"

namespace tidemill::accounts {
namespace {

// Sessions that are told to the database to be in use, at once.
constexpr std::size_t kTouchesMax = 16;

}  // namespace

SessionCache::SessionCache(const Surroundings& around, Duration idle)
    : around_(around),
      idle_(idle),
      touch_every_(std::min(Minutes(1), Milliseconds(idle.ms / 10))),
      newer_(0, Hash{SipKey::Random()}),
      older_(0, Hash{SipKey::Random()}) {}

SessionCache::~SessionCache() {
  Clear(newer_);
  Clear(older_);
}

Task<Result<std::shared_ptr<const LiveSession>>> SessionCache::Find(std::string token) {
  const std::string token_hash = HashOfToken(token);
  const MonotonicTime now = around_.clock.Now();
  for (const Table* const table : {&newer_, &older_}) {
    const auto found = table->find(token_hash);
    if (found != table->end() && now - found->second.found_at < kKeptFor) co_return found->second.live;
  }
  const std::uint64_t forgotten = forgotten_;
  around_.metrics.session_lookups.Add();
  TM_CO_TRY_ASSIGN(std::optional<LiveSession> found, co_await around_.store.FindSession(token_hash, idle_));
  if (!found) co_return nullptr;
  auto live = std::make_shared<const LiveSession>(*std::move(found));
  NoteUse(*live);
  if (forgotten == forgotten_) Keep(token_hash, live);
  co_return live;
}

void SessionCache::Keep(const std::string& token_hash, std::shared_ptr<const LiveSession> live) {
  if (newer_.size() >= kSessionsMax / 2 && !newer_.contains(token_hash)) {
    Clear(older_);
    std::swap(newer_, older_);
  }
  const auto [at, added] = newer_.insert_or_assign(token_hash, Entry{std::move(live), around_.clock.Now()});
  if (added) around_.metrics.sessions_cached.Add(1);
}

void SessionCache::Clear(Table& table) {
  around_.metrics.sessions_cached.Sub(static_cast<std::int64_t>(table.size()));
  table.clear();
}

void SessionCache::Forget(std::string_view user) {
  ++forgotten_;
  for (Table* const table : {&newer_, &older_}) {
    const std::size_t gone =
        std::erase_if(*table, [&](const auto& each) { return each.second.live->user.id == user; });
    around_.metrics.sessions_cached.Sub(static_cast<std::int64_t>(gone));
  }
}

// The database's own time was `last_seen_at` when it was asked: what is too old by our clock is told anew.
void SessionCache::NoteUse(const LiveSession& live) {
  const std::int64_t ago = around_.clock.WallNow().ms - live.session.last_seen_at;
  if (ago < touch_every_.ms || scope_.running() >= kTouchesMax) return;
  scope_.Spawn(Touch(live.session.id));
}

Task<void> SessionCache::Touch(std::string session) {
  // A session that could not be noted is noted with its next request.
  (void)co_await around_.store.TouchSession(std::move(session));
}

}  // namespace tidemill::accounts
