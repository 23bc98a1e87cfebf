#include "auth/option_overrides.h"

#include <gtest/gtest.h>

namespace tidemill::auth {
namespace {

TEST(ReadOptionOverrides, ReadsWhatIsThereAndSkipsTheRest) {
  struct Case {
    const char* name;
    const char* json;
    OptionOverrides expected;
  };
  const Case cases[] = {
      {"nothing", "{}", {}},
      {"each option by its name",
       R"({"presence":{"value":true},"join_leave":{"value":false},"force_recovery":{"value":true},)"
       R"("force_positioning":{"value":false},"force_push_join_leave":{"value":true}})",
       {.presence = true,
        .join_leave = false,
        .force_recovery = true,
        .force_positioning = false,
        .force_push_join_leave = true}},
      {"null is absent", R"({"presence":null})", {}},
      {"no value is false",
       R"({"presence":{},"join_leave":{"value":null}})",
       {.presence = false, .join_leave = false}},
      {"unknown names", R"({"other":{"value":1},"presence":{"other":[],"value":true}})", {.presence = true}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    JsonReader json(c.json);
    EXPECT_EQ(ReadOptionOverrides(json), c.expected);
    EXPECT_TRUE(json.Finish());
  }
}

TEST(ReadOptionOverrides, RefusesOtherTypes) {
  for (const char* text : {"[]", R"({"presence":true})", R"({"presence":{"value":1}})"}) {
    SCOPED_TRACE(text);
    JsonReader json(text);
    ReadOptionOverrides(json);
    EXPECT_FALSE(json.Finish());
  }
}

}  // namespace
}  // namespace tidemill::auth
