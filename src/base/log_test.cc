#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/log_limit.h"

namespace tidemill::log {
namespace {

std::vector<std::string>& Lines() {
  static std::vector<std::string> lines;
  return lines;
}

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    Lines().clear();
    SetSinkForTest([](std::string_view line) { Lines().emplace_back(line); });
  }
  void TearDown() override {
    SetSinkForTest(nullptr);
    Configure({});
  }

  // The last line without its timestamp.
  static std::string Last() { return Lines().back().substr(sizeof("2026-11-23T16:50:31.123Z ") - 1); }
};

TEST_F(Log, WritesTimeLevelEventAndFields) {
  Info("session.closed", {{"reason", "slow"}, {"queued_bytes", 1048577}});
  ASSERT_EQ(Lines().size(), 1u);
  const std::string& line = Lines()[0];
  const std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ ";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'd') {
      EXPECT_TRUE(line[i] >= '0' && line[i] <= '9') << line;
    } else {
      EXPECT_EQ(line[i], shape[i]) << line;
    }
  }
  EXPECT_EQ(Last(), "INFO session.closed reason=slow queued_bytes=1048577");
}

TEST_F(Log, WritesEveryTypeOfValue) {
  Warn("x.seen",
       {{"i", -5}, {"u", std::uint64_t{18446744073709551615u}}, {"d", 0.25}, {"b", true}, {"s", ""}});
  EXPECT_EQ(Last(), "WARN x.seen i=-5 u=18446744073709551615 d=0.25 b=true s=\"\"");
}

TEST_F(Log, EscapesWhatCouldForgeALineOrDriveATerminal) {
  struct Case {
    std::string_view value;
    std::string_view want;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"plain/path:8000", "v=plain/path:8000"},
      {"two words", "v=\"two words\""},
      {"a=b", "v=\"a=b\""},
      {"say \"hi\" \\", R"(v="say \"hi\" \\")"},
      {"x\n2026-11-23 ERROR forged", R"(v="x\n2026-11-23 ERROR forged")"},
      {"\x1b[2J\r\0\x7f"sv, R"(v="\x1b[2J\x0d\x00\x7f")"},
      {"\u009b2J", R"(v="\xc2\x9b2J")"},
      {"caf\u00e9", "v=\"caf\u00e9\""},
      {"\xff\xc3(", R"(v="\xff\xc3(")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    Error("e", {{"v", c.value}});
    EXPECT_EQ(Last(), "ERROR e " + std::string(c.want));
  }
}

TEST_F(Log, CutsLongValuesBetweenCharacters) {
  Info("e", {{"v", std::string(512, 'a')}});
  EXPECT_EQ(Last(), "INFO e v=" + std::string(512, 'a'));
  Info("e", {{"v", std::string(513, 'a')}});
  EXPECT_EQ(Last(), "INFO e v=" + std::string(512, 'a') + "...");
  Info("e", {{"v", std::string(511, 'a') + "\u20ac"}});
  EXPECT_EQ(Last(), "INFO e v=" + std::string(511, 'a') + "...");
}

TEST_F(Log, DropsWhatIsBelowTheLevel) {
  Configure({.level = Level::kWarn});
  EXPECT_FALSE(Enabled(Level::kInfo));
  EXPECT_TRUE(Enabled(Level::kError));
  Debug("a");
  Info("b");
  EXPECT_TRUE(Lines().empty());
  Warn("c");
  Error("d");
  EXPECT_EQ(Lines().size(), 2u);
  Configure({.level = Level::kOff});
  Error("e");
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_FALSE(Enabled(Level::kOff));
}

TEST_F(Log, WritesJsonObjects) {
  Configure({.format = Format::kJson});
  Warn("peer.lost", {{"address", "a\"\n\xff"}, {"tries", 3}, {"ok", false}, {"ratio", 0.5}});
  std::string rest;
  std::string time;
  JsonReader json(Lines()[0]);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "time") {
      time = json.ReadString();
    } else {
      rest += std::string(*key) + "=";
      rest += std::string(json.ReadRaw()) + ";";
    }
  }
  ASSERT_TRUE(json.Finish().has_value());
  EXPECT_EQ(time.size(), 24u);
  EXPECT_EQ(rest,
            "level=\"warn\";event=\"peer.lost\";address=\"a\\\"\\n\uFFFD\";tries=3;ok=false;ratio=0.5;");
}

TEST_F(Log, EndsEachLineOnStandardError) {
  SetSinkForTest(nullptr);
  testing::internal::CaptureStderr();
  Info("first.seen");
  Info("second.seen", {{"n", 2}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.contains("INFO first.seen\n")) << text;
  EXPECT_TRUE(text.ends_with("INFO second.seen n=2\n")) << text;
}

TEST(LogLimit, LetsOneLineASecondThroughAndCountsTheRest) {
  LogLimit limit;
  EXPECT_EQ(limit.Count({5000}), 0u);
  EXPECT_EQ(limit.Count({5001}), std::nullopt);
  EXPECT_EQ(limit.Count({5999}), std::nullopt);
  EXPECT_EQ(limit.Count({6000}), 2u);
  EXPECT_EQ(limit.Count({7000}), 0u);
}

}  // namespace
}  // namespace tidemill::log
