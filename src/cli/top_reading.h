// What `tidemill top` shows of a node, of what /metrics said twice. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/metrics_text.h"

namespace tidemill::cli {

// nullopt: the server does not say, or nothing came. Rates are of a second.
struct TopReading {
  std::optional<double> connections, subscriptions, channels;
  std::optional<double> published, delivered, api_calls, queries, errors, jobs_done, jobs_failed;
  std::optional<double> flush_p50_s, flush_p99_s, loop_lag_s;
  std::optional<double> memory_bytes, outbox_lag_s;
};

// `between`: the time from one to the other. A counter that has become less is of a server that has started
// anew: it has no rate.
TopReading ReadingOf(const MetricsText& before, const MetricsText& now, Duration between);

// Some lines for people.
std::string ToText(const TopReading& reading);
// The members of an object, in SI units; those that are not known are null.
void WriteReading(const TopReading& reading, JsonWriter& json);

}  // namespace tidemill::cli
