#include "realtime/access/keeper.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/async.h"
#include "net/next_turn.h"

namespace tidemill::access {
namespace {

// Given back at once.
constexpr std::size_t kPage = 200;
// Between looks while clients wait for the first one that succeeds.
constexpr Duration kFirstPause = Milliseconds(50);
// At a start the store is not connected yet: nothing that anybody should know of.
constexpr Duration kUntilTold = Seconds(3);

}  // namespace

Keeper::Keeper(net::Loop& loop, Store& store, AccessList& list, Apply apply, metrics::Registry& registry)
    : loop_(loop),
      store_(store),
      list_(list),
      apply_(std::move(apply)),
      failed_(registry.AddCounter("tidemill_access_store_failures_total",
                                  "Looks at the store of blocks and revocations that failed.")) {
  list_.SetReady(false);
}

Task<void> Keeper::Run() {
  for (;;) {
    const Result<bool> looked = co_await Look();
    if (!looked) {
      NoteFailure(looked.error());
    } else if (std::exchange(failing_since_, std::nullopt) && std::exchange(told_, false)) {
      log::Info("access.store_works_again");
    }
    if (!looked || *looked) co_await net::Sleep(loop_, list_.ready() ? kPause : kFirstPause);
  }
}

void Keeper::NoteFailure(const Error& error) {
  failed_.Add();
  const MonotonicTime now = loop_.clock().Now();
  if (!failing_since_) failing_since_ = now;
  if (now - *failing_since_ < kUntilTold || std::exchange(told_, true)) return;
  log::Warn("access.store_failed",
            {{"why", std::string_view(error.detail)}, {"clients", list_.ready() ? "as before" : "kept out"}});
}

Task<Result<bool>> Keeper::Look() {
  TM_CO_TRY_ASSIGN(News news, co_await store_.News());
  gives_back_ = gives_back_ || news.was_lost;
  for (Entry& entry : news.entries) {
    co_await Take(std::move(entry));
    if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
  }
  if (!news.is_all) co_return false;
  if (gives_back_) TM_CO_TRY(co_await GiveBack());
  gives_back_ = false;
  list_.SetReady(true);
  co_return true;
}

Task<void> Keeper::Take(Entry entry) {
  const auto added = list_.Add(entry, loop_.clock().WallNow());
  if (!added) {
    log::Error("access.entry_refused", {{"kind", NameOf(entry.kind)},
                                        {"why", std::string_view(added.error().detail)},
                                        {"setting", "access.entries_max"}});
  }
  const bool concerns_sessions = added && *added == Put::kChanged && !entry.lifted && list_.ready();
  if (concerns_sessions) (void)co_await apply_(std::move(entry));
}

Task<Result<void>> Keeper::GiveBack() {
  std::string last;
  for (;;) {
    std::vector<Entry> page = list_.After(last, kPage);
    if (page.empty()) co_return {};
    last = KeyOf(page.back());
    const auto saved = co_await store_.Save(std::move(page));
    if (!saved && saved.error().code != Errc::kLimitExceeded) co_return saved;
  }
}

}  // namespace tidemill::access
