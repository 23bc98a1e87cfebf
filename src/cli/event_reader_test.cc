#include "cli/event_reader.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

TEST(EventReader, EventsComeHoweverTheirBytesDo) {
  const std::string text =
      ": a comment\n\nevent: result\nid: a.1\ndata: {\"rows\":[]}\n\n:\n\nevent: nothing\n\n"
      "data:one\r\ndata: two\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    EventReader reader;
    std::vector<StreamEvent> all;
    for (std::size_t at = 0; at < text.size(); at += step) {
      auto events = reader.Feed(std::string_view(text).substr(at, step));
      ASSERT_TRUE(events);
      for (StreamEvent& each : *events) all.push_back(std::move(each));
    }
    ASSERT_EQ(all.size(), 2u) << step;
    EXPECT_EQ(all[0].name, "result");
    EXPECT_EQ(all[0].id, "a.1");
    EXPECT_EQ(all[0].data, R"({"rows":[]})");
    EXPECT_EQ(all[1].name, "message");
    EXPECT_EQ(all[1].data, "one\ntwo");
  }
}

TEST(EventReader, ALineHasALimit) {
  EventReader reader;
  const std::string piece(EventReader::kLineBytesMax / 4, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader.Feed(piece));
  EXPECT_FALSE(reader.Feed("x"));
}

}  // namespace
}  // namespace tidemill::cli
