#include "queries/idempotency/sweeper.h"

#include "base/random.h"
#include "net/async.h"

namespace tidemill::queries {
namespace {

constexpr Duration kPause = Minutes(1);
constexpr std::int64_t kRowsMax = 1000;  // of one statement

}  // namespace

IdempotencySweeper::IdempotencySweeper(net::Loop& loop, sql::Database& database, const FirstAnswers& answers,
                                       IdempotencyMetrics& metrics)
    : loop_(loop), database_(database), answers_(answers), metrics_(metrics) {
  scope_.Spawn(Sweep());
}

// A failure is the database's to tell: the next attempt comes anyway.
Task<void> IdempotencySweeper::Sweep() {
  for (;;) {
    // Nodes that started together do not all come at once.
    const auto jitter = static_cast<std::int64_t>(RandomBelow(static_cast<std::uint64_t>(kPause.ms)));
    co_await net::Sleep(loop_, {kPause.ms / 2 + jitter});
    for (bool more = true; more;) {
      const auto deleted = co_await answers_.DeleteExpired(database_, loop_.clock().WallNow(), kRowsMax);
      if (deleted) metrics_.deleted.Add(*deleted);
      more = deleted && *deleted == static_cast<std::uint64_t>(kRowsMax);
    }
  }
}

}  // namespace tidemill::queries
