#include "queries/idempotency/key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "queries/idempotency/in_flight.h"

namespace tidemill::queries {
namespace {

TEST(ReadIdempotencyKey, TakesAStringInQuotesOrWithoutThem) {
  struct Case {
    std::string header;
    const char* key;
  };
  const Case cases[] = {
      {R"("8e03978e-40d5-43dd-bc93-6894a57f9324")", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {R"(  "a"  )", "a"},
      {R"("a\"b\\c")", R"(a"b\c)"},
      {R"(a"b)", R"(a"b)"},
  };
  for (const Case& c : cases) {
    const auto key = ReadIdempotencyKey(c.header);
    ASSERT_TRUE(key) << c.header;
    EXPECT_EQ(*key, c.key);
  }
  EXPECT_TRUE(ReadIdempotencyKey(std::string(255, 'x')));
}

TEST(ReadIdempotencyKey, SaysWhatIsWrong) {
  struct Case {
    std::string header;
    const char* text;
  };
  const Case cases[] = {
      {"", "Idempotency-Key: 1 to 255 characters, for example a UUID"},
      {R"("")", "Idempotency-Key: 1 to 255 characters, for example a UUID"},
      {std::string(256, 'x'), "Idempotency-Key: 1 to 255 characters, for example a UUID"},
      {R"("a)", "Idempotency-Key: its closing quote is missing"},
      {R"("a" ; x)", "Idempotency-Key: nothing may follow its closing quote"},
      {R"("a\b")", "Idempotency-Key: a backslash stands before a quote or a backslash"},
      {R"("a\)", "Idempotency-Key: a backslash stands before a quote or a backslash"},
      {"a b", "Idempotency-Key: visible ASCII characters only, without blanks"},
      {"\"\xc3\xa4\"", "Idempotency-Key: visible ASCII characters only, without blanks"},
  };
  for (const Case& c : cases) {
    const auto key = ReadIdempotencyKey(c.header);
    ASSERT_FALSE(key) << c.header;
    EXPECT_EQ(key.error().detail, c.text);
  }
}

TEST(MakeWriteIdentity, TellsCallersAndEndpointsAndRequestsApart) {
  const WriteParts base{
      .key = "k", .endpoint = "e", .caller = "c", .target = "/t", .content_type = "j", .body = "b"};
  std::set<std::string> ids = {MakeWriteIdentity(base).id};
  for (const auto& [key, endpoint, caller] : {std::tuple{"k2", "e", "c"},
                                              {"k", "e2", "c"},
                                              {"k", "e", "c2"},
                                              {"ke", "", "c"},
                                              {"", "ek", "c"},
                                              {"kc", "e", ""}}) {
    WriteParts other = base;
    other.key = key;
    other.endpoint = endpoint;
    other.caller = caller;
    EXPECT_TRUE(ids.insert(MakeWriteIdentity(other).id).second) << key << endpoint << caller;
    EXPECT_EQ(MakeWriteIdentity(other).fingerprint, MakeWriteIdentity(base).fingerprint);
  }
  std::set<std::string> fingerprints = {MakeWriteIdentity(base).fingerprint};
  for (const auto& [target, type, body] :
       {std::tuple{"/t2", "j", "b"}, {"/t", "j2", "b"}, {"/t", "j", "b2"}, {"/tj", "", "b"}}) {
    WriteParts other = base;
    other.target = target;
    other.content_type = type;
    other.body = body;
    EXPECT_TRUE(fingerprints.insert(MakeWriteIdentity(other).fingerprint).second) << target << type << body;
    EXPECT_EQ(MakeWriteIdentity(other).id, MakeWriteIdentity(base).id);
  }
}

TEST(WritesInFlight, LetsOneInAtATime) {
  WritesInFlight writes;
  {
    auto first = writes.Enter("a");
    EXPECT_TRUE(first);
    EXPECT_FALSE(writes.Enter("a"));
    EXPECT_TRUE(writes.Enter("b"));
    const WritesInFlight::Entry moved = *std::move(first);
    EXPECT_FALSE(writes.Enter("a"));
  }
  EXPECT_TRUE(writes.Enter("a"));
}

}  // namespace
}  // namespace tidemill::queries
