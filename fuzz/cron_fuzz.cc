// links: cron
// Any text: no crash; and what is accepted fires after the instant asked for, at whole seconds, each later
// than the one before, in every zone; and catching up gives the same firings.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"
#include "jobs/cron/catch_up.h"
#include "jobs/cron/describe.h"
#include "jobs/cron/next.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  using namespace tidemill::cron;
  constexpr std::size_t kHead = 5;
  if (size < kHead) return 0;
  static const Zone zones[] = {Zone(), *Zone::Load("Europe/Berlin"), *Zone::Load("Australia/Lord_Howe"),
                               *Zone::Load("America/Santiago"), *Zone::Load("Pacific/Apia")};
  const Zone& zone = zones[data[0] % std::size(zones)];
  std::uint32_t at = 0;
  std::memcpy(&at, data + 1, sizeof(at));
  const auto schedule = ParseSchedule({reinterpret_cast<const char*>(data) + kHead, size - kHead});
  if (!schedule) {
    TM_ASSERT(!schedule.error().detail.empty());
    return 0;
  }
  TM_ASSERT(!Describe(*schedule, zone).empty());

  const WallTime start{std::int64_t{at} * 1000 + data[0]};
  WallTime last = start;
  for (int i = 0; i < 8; ++i) {
    const auto next = Next(*schedule, zone, last);
    TM_ASSERT(next.has_value());
    TM_ASSERT(*next > last);
    TM_ASSERT(next->ms % 1000 == 0);
    TM_ASSERT(Next(*schedule, zone, WallTime{next->ms - 1}) == next);
    last = *next;
  }
  const Due all = FindDue(*schedule, zone, CatchUp::kAll, start, last);
  TM_ASSERT(all.firings.size() == 8);
  TM_ASSERT(all.firings.back() == last);
  const Due one = FindDue(*schedule, zone, CatchUp::kCoalesce, start, last);
  TM_ASSERT(one.firings.size() == 1);
  TM_ASSERT(one.firings[0] == last);
  return 0;
}
