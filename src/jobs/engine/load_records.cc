#include "jobs/engine/load_records.h"

#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kRecordsPage = 1000;

}  // namespace

Task<Result<>> LoadRecords(net::Loop& loop, Store& store, std::string kind,
                           std::function<Result<>(const Record&)> load) {
  std::string after;
  while (true) {
    TM_CO_TRY_ASSIGN(const auto page, co_await store.LoadRecords(kind, after, kRecordsPage));
    for (const Record& record : page) {
      if (auto loaded = load(record); !loaded) {
        log::Error("jobs.record_damaged",
                   {{"kind", record.kind}, {"key", record.key}, {"error", loaded.error().detail}});
      }
      if (loop.ShareSpent()) co_await net::NextTurn(loop);
    }
    if (page.empty()) co_return Result<>();  // long values come in shorter pages
    after = page.back().key;
  }
}

}  // namespace tidemill::jobs
