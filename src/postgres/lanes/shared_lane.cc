#include "postgres/lanes/shared_lane.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "net/backoff.h"
#include "net/reply.h"
#include "net/sleep.h"
#include "postgres/advice.h"

namespace tidemill::postgres {
namespace {

constexpr Duration kLookInterval = Milliseconds(100);
// So many looks at the same statement in front are a stall. Counted, not timed: a loop that was busy itself
// has not read the answers yet.
constexpr int kStallLooks = 4;

}  // namespace

// One connection, or the place for it.
class SharedLane::Member final : public ConnectionEvents {
 public:
  explicit Member(net::Loop& loop) : loop_(loop) {}

  void Begin(std::unique_ptr<Session> opened) {
    session = std::move(opened);
    ended = std::make_unique<net::Reply<std::string>>(loop_);
    session->connection().SetEvents(this);
    looks = 0;
  }
  void OnClosed(const std::string& why) override { ended->sender().Send(why); }
  void OnParameter(const ParameterStatus& parameter) override {
    if (parameter.name != "in_hot_standby" || parameter.value != "on") return;
    session->connection().End("the server became a standby");
  }
  // Whether the statement in front has changed since the last look.
  void Look() {
    const Connection& connection = session->connection();
    const bool same = connection.in_flight() > 0 && connection.front() == front;
    looks = same ? looks + 1 : 0;
    front = connection.front();
  }
  bool is_stalled() const { return looks >= kStallLooks && session->connection().front() == front; }
  bool is_up() const { return session && !session->connection().closed() && !retiring; }

  std::unique_ptr<Session> session;
  std::unique_ptr<Session> next;  // takes the place of one that ends
  std::unique_ptr<net::Reply<std::string>> ended;
  std::size_t in_use = 0;
  std::uint64_t front = 0;  // at the last look
  int looks = 0;            // at the same one
  Duration lifetime{};
  bool is_replacing = false;  // `next` is being opened
  bool retiring = false;      // it gets nothing new, and goes when it is free

 private:
  net::Loop& loop_;
};

SharedLane::Place::Place(SharedLane& lane, Member& member) : lane_(&lane), member_(&member) {
  ++member.in_use;
  if (!lane.stall_timer_.scheduled()) {
    lane.loop_.timers().Schedule(lane.stall_timer_, lane.loop_.clock().Now() + kLookInterval);
  }
}

Session& SharedLane::Place::session() const { return *member_->session; }

SharedLane::SharedLane(net::Loop& loop, SessionShared shared, LaneOptions options)
    : loop_(loop),
      shared_(shared),
      options_(std::move(options)),
      queue_(loop, options_.wait, shared.metrics),
      down_since_ms_(loop.clock().Now().ms) {
  for (std::size_t i = 0; i < options_.connections; ++i) members_.push_back(std::make_unique<Member>(loop));
}

SharedLane::~SharedLane() {
  loop_.Disarm(*this);
  loop_.timers().Cancel(stall_timer_);
  loop_.timers().Cancel(age_timer_);
  for (const auto& member : members_) {
    if (member->session) loop_.Retire(std::move(member->session));
    if (member->next) loop_.Retire(std::move(member->next));
  }
}

void SharedLane::Start() {
  for (const auto& member : members_) scope_.Spawn(StayConnected(*member));
}

std::optional<MonotonicTime> SharedLane::down_since() const {
  const std::int64_t ms = down_since_ms_.load(std::memory_order_relaxed);
  if (ms < 0) return std::nullopt;
  return MonotonicTime{ms};
}

// The one with the fewest in flight, or one that stands still if all do; null: none has a place.
SharedLane::Member* SharedLane::Best() const {
  Member* best = nullptr;
  for (const auto& member : members_) {
    if (!member->is_up() || member->in_use >= options_.in_flight_max) continue;
    const auto rank = [](const Member& each) { return std::pair(each.is_stalled(), each.in_use); };
    if (!best || rank(*member) < rank(*best)) best = member.get();
  }
  return best;
}

SharedLane::Place SharedLane::TryEnter() {
  Member* const best = queue_.empty() ? Best() : nullptr;
  return best && !best->is_stalled() ? Place(*this, *best) : Place();
}

bool SharedLane::StandsStill() const {
  const auto is_up = [](const auto& member) { return member->is_up(); };
  return std::ranges::any_of(members_, is_up) &&
         std::ranges::all_of(members_, [](const auto& each) { return !each->is_up() || each->is_stalled(); });
}

Task<sql::Result<SharedLane::Place>> SharedLane::Enter(Patience patience) {
  if (down_since()) {
    co_return sql::Fail(sql::FailureKind::kUnavailable, "not connected to PostgreSQL: " + last_failure_);
  }
  Member* best = queue_.empty() ? Best() : nullptr;
  if (!best) {
    TM_CO_TRY(co_await WaitQueue::Wait(queue_, patience));
    best = Best();
    if (!best) co_return sql::Fail(sql::FailureKind::kUnavailable, "the connection to PostgreSQL was lost");
  }
  co_return Place(*this, *best);
}

Task<sql::Result<Described>> SharedLane::Describe(sql::Statement statement) {
  TM_CO_TRY_ASSIGN(const Place place, co_await Enter({}));
  co_return co_await place.session().Describe(std::move(statement),
                                              loop_.clock().Now() + options_.session.connection.io_timeout);
}

void SharedLane::FreePlace(Member& member) {
  --member.in_use;
  if (!queue_.empty() || member.retiring) loop_.ArmNextTurn(*this);
}

void SharedLane::EndRetired() {
  for (const auto& member : members_) {
    if (member->retiring && member->in_use == 0 && member->session) {
      member->session->connection().End("it is old");
    }
  }
}

// Of the connections that are old one goes at a time; while it does, callers use the others, or wait. When it
// has come back, or has not, the next is looked for.
void SharedLane::RetireOld() {
  const MonotonicTime now = loop_.clock().Now();
  if (std::ranges::any_of(members_, [](const auto& member) { return member->retiring; })) return;
  for (const auto& member : members_) {
    if (!member->is_up()) continue;
    const MonotonicTime due = member->session->connection().begun() + member->lifetime;
    if (now >= due) {
      member->retiring = true;
      return EndRetired();
    }
    if (!age_timer_.scheduled() || age_timer_.deadline() > due) loop_.timers().Schedule(age_timer_, due);
  }
}

void SharedLane::LookForStalls() {
  for (const auto& member : members_) {
    if (!member->session || member->session->connection().closed()) continue;
    member->Look();
    if (!member->is_stalled()) continue;
    if (member->looks == kStallLooks) {
      shared_.metrics.stalls.Add();
      member->session->connection().TellStall();
    }
    if (member->session->connection().in_flight() > 1) Relieve(*member);
  }
  const bool any = std::ranges::any_of(members_, [](const auto& member) { return member->in_use > 0; });
  if (any) loop_.timers().Schedule(stall_timer_, loop_.clock().Now() + kLookInterval);
}

// What waits behind a statement that takes long shall not.
void SharedLane::Relieve(Member& member) {
  if (member.session->connection().OnlyReads()) {
    if (!std::exchange(member.is_replacing, true)) scope_.Spawn(Replace(member));
    return;
  }
  member.session->connection().MoveReads();
}

// The new connection comes first: it shows that the server lives, and only a statement takes long. A server
// that is silent to all is noticed as before.
Task<void> SharedLane::Replace(Member& member) {
  auto opened = co_await Session::Open(loop_, shared_, options_.session);
  member.is_replacing = false;
  if (!opened) co_return;
  if (!member.is_up() || !member.is_stalled() || !member.session->connection().OnlyReads()) {
    loop_.Retire(*std::move(opened));
    co_return;
  }
  member.next = *std::move(opened);
  member.retiring = true;  // not lost: callers use the others, or wait
  Connection& connection = member.session->connection();
  Server server = connection.opened().server;
  BackendKey key = connection.opened().key;
  connection.EndStalled();
  (void)co_await shared_.opener.Cancel(loop_, std::move(server), std::move(key));
}

void SharedLane::OnReady(std::uint32_t) {
  EndRetired();
  while (!queue_.empty() && Best()) queue_.WakeFirst();
}

void SharedLane::NoteUp() {
  const bool any = std::ranges::any_of(members_, [](const auto& member) { return member->is_up(); });
  if (any) {
    down_since_ms_.store(-1, std::memory_order_relaxed);
  } else if (!down_since()) {
    down_since_ms_.store(loop_.clock().Now().ms, std::memory_order_relaxed);
    queue_.FailAll(
        {.kind = sql::FailureKind::kUnavailable, .message = "the connection to PostgreSQL was lost"});
  }
}

Task<void> SharedLane::StayConnected(Member& member) {
  net::Backoff backoff(options_.reconnect_delay_min, options_.reconnect_delay_max);
  for (;;) {
    auto opened = member.next ? sql::Result<std::unique_ptr<Session>>(std::move(member.next))
                              : co_await Session::Open(loop_, shared_, options_.session);
    if (opened) {
      const MonotonicTime begun = loop_.clock().Now();
      complained_ = false;
      log::Info("postgres.connected", {{"address", (*opened)->connection().opened().address},
                                       {"version", (*opened)->connection().parameter("server_version")},
                                       {"pooled", (*opened)->is_pooled()}});
      member.retiring = false;
      // Not all at the same time.
      const auto lifetime_ms = static_cast<std::uint64_t>(options_.lifetime_max.ms);
      member.lifetime =
          Milliseconds(static_cast<std::int64_t>(lifetime_ms - RandomBelow(lifetime_ms / 10 + 1)));
      member.Begin(*std::move(opened));
      NoteUp();
      RetireOld();
      if (!queue_.empty()) loop_.ArmNextTurn(*this);
      const std::string why = co_await *member.ended;
      loop_.Retire(std::move(member.session));
      if (member.retiring) continue;
      last_failure_ = why;
      NoteUp();
      log::Warn("postgres.connection_lost", {{"why", why}});
      if (loop_.clock().Now() - begun > backoff.longest()) backoff.Reset();
    } else {
      member.retiring = false;
      RetireOld();
      shared_.metrics.connect_failures.Add();
      last_failure_ = opened.error().message;
      NoteUp();
      if (down_since() && !std::exchange(complained_, true)) {
        log::Warn(
            "postgres.connect_failed",
            {{"why", last_failure_}, {"code", opened.error().code}, {"advice", AdviceFor(opened.error())}});
      }
    }
    co_await net::Sleep(loop_, backoff.Next());
  }
}

}  // namespace tidemill::postgres
