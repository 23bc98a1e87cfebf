#include "cli/top_reading.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

const MetricsText kBefore(R"(tidemill_connections 3
tidemill_hub_frames_sent_total 100
tidemill_api_command_duration_seconds_count{method="publish"} 10
tidemill_api_command_duration_seconds_count{method="info"} 5
tidemill_hub_flush_seconds_bucket{le="0.001"} 0
tidemill_hub_flush_seconds_bucket{le="+Inf"} 0
tidemill_jobs_changes_total{queue="q",state="done"} 50
)");
const MetricsText kNow(R"(tidemill_connections 4
tidemill_hub_frames_sent_total 300
tidemill_api_command_duration_seconds_count{method="publish"} 14
tidemill_api_command_duration_seconds_count{method="info"} 7
tidemill_hub_flush_seconds_bucket{le="0.001"} 8
tidemill_hub_flush_seconds_bucket{le="+Inf"} 8
tidemill_loop_lag_seconds{loop="0"} 0.0002
tidemill_loop_lag_seconds{loop="1"} 0.004
tidemill_jobs_changes_total{queue="q",state="done"} 20
process_resident_memory_bytes 52428800
)");

TEST(TopReading, IsOfWhatCameBetweenTwoReadings) {
  const TopReading reading = ReadingOf(kBefore, kNow, Seconds(2));
  EXPECT_EQ(reading.connections, 4);
  EXPECT_EQ(reading.delivered, 100);
  EXPECT_EQ(reading.published, 2);
  EXPECT_EQ(reading.api_calls, 3);
  EXPECT_EQ(reading.queries, std::nullopt) << "the server has none";
  EXPECT_EQ(reading.jobs_done, std::nullopt) << "the server has started anew";
  EXPECT_EQ(reading.loop_lag_s, 0.004);
  EXPECT_DOUBLE_EQ(*reading.flush_p99_s, 0.00099);
}

TEST(TopReading, IsWrittenForPeopleAndPrograms) {
  const TopReading reading = ReadingOf(kBefore, kNow, Seconds(2));
  EXPECT_EQ(ToText(reading),
            "connections 4   subscriptions –   channels –\n"
            "published 2/s   delivered 100/s   publish to write p50 500 µs  p99 990 µs\n"
            "API 3/s   queries –   errors –\n"
            "loop lag 4.0 ms   memory 50 MiB\n");
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  WriteReading(reading, json);
  json.EndObject();
  EXPECT_TRUE(text.starts_with(R"({"connections":4,"subscriptions":null,)")) << text;
  EXPECT_TRUE(text.contains(R"("delivered_per_s":100,)")) << text;
  EXPECT_TRUE(text.contains(R"("loop_lag_s":0.004,)")) << text;
}

}  // namespace
}  // namespace tidemill::cli
