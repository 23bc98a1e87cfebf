#include "chat/api/compose.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat/api/field.h"

namespace tidemill::chat {
namespace {

struct Params {
  RoomId room_id;
  std::string text;
  std::optional<std::int64_t> limit;
  std::optional<bool> unread;
  std::vector<std::string> ids;
  std::optional<SeqOrWord> around;
  std::optional<RawObject> metadata;
};
constexpr Field<Params> kFields[] = {
    Path<&Params::room_id>("room_id", ""),  Needed<&Params::text>("text", ""),
    Query<&Params::limit>("limit", ""),     Query<&Params::unread>("unread", ""),
    Query<&Params::ids>("ids", ""),         Query<&Params::around>("around", ""),
    Body<&Params::metadata>("metadata", "")};

struct Nothing {};
Task<Outcome<Answer>> DoNothing(Nothing&, Actor, Params) { co_return Answer{}; }

class ComposeTest : public testing::Test {
 protected:
  // What is read of the request: "room limit unread ids around | text | metadata", or the refusal.
  std::string Read(std::string_view room, std::string_view query, std::string_view body,
                   std::string_view key = "") {
    http::Request request;
    const std::vector<std::string> names = {"room_id"};
    request.path_names = names;
    request.path_values = {room};
    request.query = query;
    request.body = body;
    if (!key.empty()) request.headers.push_back({"Idempotency-Key", key});
    const Outcome<std::string> json = Compose(operation_, request);
    if (!json) return Told(json.error());
    const Outcome<Params> params = ReadParams(*json, std::span<const Field<Params>>(kFields));
    if (!params) return Told(params.error());
    std::string read = ToText(params->room_id);
    if (params->limit) read += " limit " + std::to_string(*params->limit);
    if (params->unread) read += *params->unread ? " unread" : " all";
    for (const std::string& id : params->ids) read += " id " + id;
    if (params->around) {
      read +=
          " around " + (params->around->seq ? std::to_string(*params->around->seq) : params->around->word);
    }
    return read + " | " + params->text + (params->metadata ? " | " + params->metadata->text : "");
  }
  static std::string Told(const Refusal& refusal) {
    return std::string(Name(refusal.code)) + " " + refusal.field + ": " + refusal.message;
  }

  Nothing nothing_;
  const Operation operation_ = MakeOperation({.name = "test",
                                              .method = http::Method::kPost,
                                              .path = "/rooms/{room_id}",
                                              .summary = "",
                                              .result = "",
                                              .idempotency_field = "text"},
                                             nothing_, kFields, DoNothing);
};

TEST_F(ComposeTest, PutsPathQueryAndBodyTogether) {
  EXPECT_EQ(Read("7", "", R"({"text":"hi"})"), "7 | hi");
  EXPECT_EQ(Read("7", "limit=5&unread=1&ids=a,b&around=read", R"( {"text":"hi"} )"),
            "7 limit 5 unread id a id b around read | hi");
  EXPECT_EQ(Read("7", "around=12&unread=0", R"({"text":"\u00e9","metadata":{"a":[1]}})"),
            "7 all around 12 | \u00e9 | {\"a\":[1]}");
  EXPECT_EQ(Read("7", "limit=", R"({"text":null,"text":"hi"})"),
            "invalid limit: limit must be a whole number");
  EXPECT_EQ(Read("7", "", "", "from the header"), "7 | from the header");
  EXPECT_EQ(Read("7", "api_key=secret", R"({"text":"hi"})"), "7 | hi");
}

TEST_F(ComposeTest, RefusesWithFieldAndText) {
  EXPECT_EQ(Read("7", "", ""), "invalid text: text is missing");
  EXPECT_EQ(Read("7", "", "{}"), "invalid text: text is missing");
  EXPECT_EQ(Read("x", "", R"({"text":"hi"})"), "not_found room_id: there is nothing of that id");
  EXPECT_EQ(Read("7", "", R"({"txt":"hi"})"),
            "invalid txt: there is no field \"txt\" here: did you mean \"text\"?");
  EXPECT_EQ(Read("7", "limitt=5", R"({"text":"hi"})"),
            "invalid limitt: there is no field \"limitt\" here: did you mean \"limit\"?");
  EXPECT_EQ(Read("7", "", R"({"text":5})"), "invalid text: text must be a text");
  EXPECT_EQ(Read("7", "", R"({"text":"hi","limit":"5"})"), "invalid limit: limit must be a whole number");
  EXPECT_EQ(Read("7", "", R"({"text":"hi","limit":1.5})"), "invalid limit: limit must be a whole number");
  EXPECT_EQ(Read("7", "limit=1", R"({"text":"hi","limit":2})"), "invalid limit: limit is given twice");
  EXPECT_EQ(Read("7", "", R"({"text":"hi","room_id":"8"})"), "invalid room_id: room_id is given twice");
  EXPECT_EQ(Read("7", "", R"({"text":"hi"})", "key"), "invalid text: text is given twice");
  EXPECT_EQ(Read("7", "", R"({"text":"a\u0000b"})"), "invalid text: a text without the character 0");
  EXPECT_EQ(Read("7", "", R"(["text"])"), "invalid : the body must be a JSON object");
  EXPECT_TRUE(
      Read("7", "", R"({"text":"hi"},"limit":5})").starts_with("invalid : the body is not a JSON object"));
  EXPECT_TRUE(Read("7", "", R"({"text":"hi")").starts_with("invalid : the body is not a JSON object"));
  EXPECT_EQ(Read("7", "%zz=1", R"({"text":"hi"})"), "invalid : the query string is not percent-encoded");
}

}  // namespace
}  // namespace tidemill::chat
