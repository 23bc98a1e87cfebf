#include "cli/top_reading.h"

#include <fmt/format.h>

namespace tidemill::cli {
namespace {

// Several counters as one.
struct Term {
  std::string_view name;
  std::string_view label = "";
};

std::optional<double> Total(const MetricsText& metrics, std::initializer_list<Term> terms) {
  std::optional<double> total;
  for (const Term& term : terms) {
    if (const auto sum = metrics.Sum(term.name, term.label)) total = total.value_or(0) + *sum;
  }
  return total;
}

constexpr std::string_view kApi = "tidemill_api_command_duration_seconds_count";

std::string Number(std::optional<double> value, std::string_view unit = "") {
  if (!value) return "–";
  return fmt::format("{:.{}f}{}", *value, *value < 10 && *value != static_cast<int>(*value) ? 1 : 0, unit);
}

std::string Time(std::optional<double> seconds) {
  if (!seconds) return "–";
  if (*seconds < 0.001) return fmt::format("{:.0f} µs", *seconds * 1e6);
  return *seconds < 1 ? fmt::format("{:.1f} ms", *seconds * 1e3) : fmt::format("{:.1f} s", *seconds);
}

}  // namespace

TopReading ReadingOf(const MetricsText& before, const MetricsText& now, Duration between) {
  const auto rate = [&](std::initializer_list<Term> terms) -> std::optional<double> {
    const auto after = Total(now, terms);
    const double then = Total(before, terms).value_or(0);
    if (!after || *after < then || between.ms <= 0) return std::nullopt;
    return (*after - then) * 1000 / static_cast<double>(between.ms);
  };
  const auto flushed = now.Buckets("tidemill_hub_flush_seconds");
  const auto flushed_before = before.Buckets("tidemill_hub_flush_seconds");
  return {
      .connections = now.Sum("tidemill_connections"),
      .subscriptions = now.Sum("tidemill_subscriptions"),
      .channels = now.Sum("tidemill_hub_channels"),
      .published = rate({{kApi, R"(method="publish")"},
                         {kApi, R"(method="broadcast")"},
                         {kApi, R"(method="map_publish")"},
                         {"tidemill_commands_total", R"(command="publish")"}}),
      .delivered = rate({{"tidemill_hub_frames_sent_total"}}),
      .api_calls = rate({{kApi}}),
      .queries = rate({{"tidemill_query_requests_total"}}),
      .errors = rate({{"tidemill_reply_errors_total"},
                      {"tidemill_api_command_errors_total"},
                      {"tidemill_query_requests_total", R"(status="5xx")"}}),
      .jobs_done = rate({{"tidemill_jobs_changes_total", R"(state="done")"}}),
      .jobs_failed = rate({{"tidemill_jobs_changes_total", R"(state="failed")"}}),
      .flush_p50_s = QuantileBetween(0.5, flushed_before, flushed),
      .flush_p99_s = QuantileBetween(0.99, flushed_before, flushed),
      .loop_lag_s = now.Max("tidemill_loop_lag_seconds"),
      .memory_bytes = now.Sum("process_resident_memory_bytes"),
      .outbox_lag_s = now.Sum("tidemill_outbox_lag_seconds"),
  };
}

std::string ToText(const TopReading& r) {
  std::string text = fmt::format(
      "connections {}   subscriptions {}   channels {}\n"
      "published {}   delivered {}   publish to write p50 {}  p99 {}\n"
      "API {}   queries {}   errors {}\n",
      Number(r.connections), Number(r.subscriptions), Number(r.channels), Number(r.published, "/s"),
      Number(r.delivered, "/s"), Time(r.flush_p50_s), Time(r.flush_p99_s), Number(r.api_calls, "/s"),
      Number(r.queries, "/s"), Number(r.errors, "/s"));
  if (r.jobs_done || r.jobs_failed) {
    text += fmt::format("jobs done {}   failed {}\n", Number(r.jobs_done, "/s"), Number(r.jobs_failed, "/s"));
  }
  if (r.outbox_lag_s) text += fmt::format("outbox lag {}\n", Time(r.outbox_lag_s));
  const auto mebibytes = r.memory_bytes ? std::optional(*r.memory_bytes / (1 << 20)) : std::nullopt;
  return text + fmt::format("loop lag {}   memory {}\n", Time(r.loop_lag_s), Number(mebibytes, " MiB"));
}

void WriteReading(const TopReading& r, JsonWriter& json) {
  const auto put = [&json](JsonName name, std::optional<double> value) {
    json.Key(name);
    value ? json.Raw(fmt::format("{:.9g}", *value)) : json.Null();
  };
  put("connections", r.connections);
  put("subscriptions", r.subscriptions);
  put("channels", r.channels);
  put("published_per_s", r.published);
  put("delivered_per_s", r.delivered);
  put("api_calls_per_s", r.api_calls);
  put("queries_per_s", r.queries);
  put("errors_per_s", r.errors);
  put("jobs_done_per_s", r.jobs_done);
  put("jobs_failed_per_s", r.jobs_failed);
  put("flush_p50_s", r.flush_p50_s);
  put("flush_p99_s", r.flush_p99_s);
  put("loop_lag_s", r.loop_lag_s);
  put("memory_bytes", r.memory_bytes);
  put("outbox_lag_s", r.outbox_lag_s);
}

}  // namespace tidemill::cli
