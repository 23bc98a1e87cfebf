#include "realtime/session/connect_status.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::session {
namespace {

TEST(ConnectStatus, IsParsed) {
  EXPECT_EQ(*ParseConnectStatus("3500 401"), (ConnectStatus{.code = 3500, .status = 401}));
  EXPECT_EQ(*ParseConnectStatus("109 403 log in again"),
            (ConnectStatus{.code = 109, .status = 403, .body = "log in again"}));
  for (const char* text : {"", "3500", "3500=401", "3500 200", "3500 600", "x 401", "-1 401", "3500 401x"}) {
    const auto parsed = ParseConnectStatus(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().detail.find(text), std::string::npos);
  }
}

TEST(ConnectStatus, IsTheGivenOneOrTheUsual) {
  const std::vector<std::string> given = {"109 403 log in again", "109 404", "3501 418"};
  struct Case {
    std::uint32_t code;
    int status;
    const char* body;
  };
  const Case cases[] = {{109, 403, "log in again"}, {3501, 418, "why"}, {101, 401, "why"},
                        {3500, 401, "why"},         {103, 403, "why"},  {3504, 429, "why"},
                        {100, 503, "why"},          {3003, 500, "why"}};
  for (const Case& c : cases) {
    EXPECT_EQ(ConnectStatusOf(c.code, "why", given),
              (ConnectStatus{.code = c.code, .status = c.status, .body = c.body}));
  }
}

}  // namespace
}  // namespace tidemill::session
