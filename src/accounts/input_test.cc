#include "accounts/input.h"

#include <gtest/gtest.h>

namespace tidemill::accounts {
namespace {

std::string FieldOf(std::string_view body) {
  const auto input = Input::Read(body, {"name", "uses", "on"});
  if (!input) return input.error().field + "!";
  if (const auto name = input->Text("name"); !name) return name.error().field;
  if (const auto uses = input->OptionalInteger("uses", {.min = 1, .max = 9}); !uses)
    return uses.error().field;
  if (const auto on = input->OptionalBool("on"); !on) return on.error().field;
  return "good";
}

TEST(Input, SaysWhichFieldIsWrong) {
  struct Case {
    const char* body;
    const char* field;
  };
  const Case cases[] = {
      {R"({"name":"a"})", "good"},
      {R"({"name":"a","uses":9,"on":true})", "good"},
      {R"({"name":"a","uses":null,"on":null})", "good"},
      {R"({"n\u0061me":"a"})", "good"},
      {"", "name"},
      {"{}", "name"},
      {R"({"name":null})", "name"},
      {R"({"name":1})", "name"},
      {R"({"name":"\ud800"})", "name"},
      {R"({"name":"a","uses":0})", "uses"},
      {R"({"name":"a","uses":10})", "uses"},
      {R"({"name":"a","uses":1.5})", "uses"},
      {R"({"name":"a","uses":"1"})", "uses"},
      {R"({"name":"a","uses":99999999999999999999})", "uses"},
      {R"({"name":"a","on":1})", "on"},
      {R"({"name":"a","role":"owner"})", "role!"},
      {R"({"name":"a","name":"b"})", "name!"},
      {R"([])", "!"},
      {R"({"name":"a"}x)", "!"},
      {R"({"name":"a",})", "!"},
      {"\xff", "!"},
  };
  for (const Case& c : cases) EXPECT_EQ(FieldOf(c.body), c.field) << c.body;
}

}  // namespace
}  // namespace tidemill::accounts
