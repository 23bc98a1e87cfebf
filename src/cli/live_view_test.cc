#include "cli/live_view.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

void Apply(LiveView& view, std::string name, std::string data) {
  const auto applied = view.Apply({.name = std::move(name), .data = std::move(data), .id = {}});
  EXPECT_TRUE(applied) << applied.error().detail;
}

TEST(LiveView, RowsStandInTheirOrderAndChange) {
  LiveView view("orders");
  EXPECT_EQ(view.ToText(), "orders   0 rows   connecting\n\n");
  Apply(view, "result",
        R"({"rows":[{"key":"1","order":5,"row":{"id":1,"note":"a"}},)"
        R"({"key":"2","order":9,"row":{"id":20,"note":null}}]})");
  EXPECT_EQ(view.ToText(),
            "orders   2 rows   live\n\n"
            "id  note\n"
            "20\n"
            " 1  a\n");
  Apply(view, "change", R"({"rows":[{"key":"1","order":10,"row":{"id":1,"note":"b"}}],"removed":["2"]})");
  EXPECT_EQ(view.ToText(), "orders   1 row   live\n\nid  note\n 1  b\n");
  Apply(view, "stale", R"({"since":1000})");
  EXPECT_TRUE(view.ToText().contains("STALE")) << view.ToText();
  Apply(view, "fresh", "{}");
  EXPECT_TRUE(view.ToText().contains("live"));
}

TEST(LiveView, WhatRowsSayCommandsNoTerminal) {
  LiveView view("a\x1b[2J");
  Apply(view, "result", R"({"rows":[{"key":"k","order":1,"row":{"\u001b[31m":"\u001b]0;x\u0007"}}]})");
  EXPECT_FALSE(view.ToText().contains('\x1b')) << view.ToText();
}

TEST(LiveView, AValueIsAColumnAndNonsenseAnError) {
  LiveView view("count");
  Apply(view, "result", R"({"rows":[{"key":"row","order":1,"row":42}]})");
  EXPECT_TRUE(view.ToText().ends_with("value\n   42\n")) << view.ToText();
  EXPECT_FALSE(view.Apply({.name = "change", .data = "{", .id = {}}));
  EXPECT_TRUE(view.ToText().ends_with("value\n   42\n"));
}

TEST(EventLine, IsOneLineOfJson) {
  EXPECT_EQ(EventLine({.name = "change", .data = "{\"a\":\n1}", .id = "x.1"}),
            "{\"event\":\"change\",\"data\":{\"a\": 1}}\n");
}

}  // namespace
}  // namespace tidemill::cli
