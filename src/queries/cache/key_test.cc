#include "queries/cache/key.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>

namespace tidemill::queries {
namespace {

struct Asked {
  std::string endpoint = "get_orders";
  std::string version = "v1";
  sql::Parameters parameters;
  std::string format = "application/json";
  std::string variant;
  std::string role;
  std::string claims = R"({"sub":"a"})";
  std::vector<std::string> scope = {"sub"};

  std::optional<CacheKey> Key() const {
    return MakeCacheKey({.endpoint = endpoint,
                         .endpoint_version = version,
                         .parameters = parameters,
                         .format = format,
                         .variant = variant,
                         .role = role,
                         .claims = claims,
                         .scope = scope});
  }
};

TEST(MakeCacheKey, TellsApartWhateverTheAnswerDependsOn) {
  const std::vector<Asked> all = {
      {},
      {.endpoint = "get_order"},
      {.version = "v2"},
      {.format = "text/csv"},
      {.variant = "order=id.desc"},
      {.role = "admin"},
      {.claims = R"({"sub":"b"})"},
      {.claims = R"({"sub":1})"},
      {.claims = R"({"sub":"1"})"},
      {.claims = R"({"sub":"a","org":"x"})", .scope = {"org"}},
      {.claims = R"({"sub":"a","org":"x"})", .scope = {"sub", "org"}},
      {.claims = "", .scope = {}},
      {.parameters = {sql::Null{}}},
      {.parameters = {sql::Null{}, sql::Null{}}},
      {.parameters = {std::int64_t{1}}},
      {.parameters = {1.0}},
      {.parameters = {true}},
      {.parameters = {false}},
      {.parameters = {std::string("1")}},
      {.parameters = {std::string()}},
      {.parameters = {sql::Bytes{"1"}}},
      {.parameters = {std::vector<std::int64_t>{1}}},
      {.parameters = {std::vector<std::int64_t>{}}},
      {.parameters = {std::vector<std::string>{"1"}}},
      {.parameters = {std::vector<std::string>{}}},
      {.parameters = {std::vector<std::string>{"a", "b"}}},
      {.parameters = {std::vector<std::string>{"ab"}}},
      {.parameters = {std::string("ab"), std::string("c")}},
      {.parameters = {std::string("a"), std::string("bc")}},
      {.parameters = {std::string("1:as1:b")}},
      {.parameters = {0.0}},
      {.parameters = {-0.0}},
      {.parameters = {std::numeric_limits<double>::infinity()}},
  };
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto key = all[i].Key();
    ASSERT_TRUE(key) << i;
    const auto [at, fresh] = seen.emplace(key->bytes(), i);
    EXPECT_TRUE(fresh) << i << " is as " << at->second;
    EXPECT_EQ(key->Digest().size(), 64u);
  }
}

TEST(MakeCacheKey, IsTheSameForTheSame) {
  const Asked asked{.parameters = {std::string("x"), std::int64_t{7}}};
  EXPECT_EQ(asked.Key()->bytes(), asked.Key()->bytes());
  EXPECT_EQ(asked.Key()->hash(), asked.Key()->hash());
  EXPECT_EQ(asked.Key()->Digest(), asked.Key()->Digest());
  // Claims that are not of the scope do not matter.
  EXPECT_EQ((Asked{.claims = R"({"iat":1,"sub":"a"})"}.Key()), (Asked{.claims = R"({ "sub": "a" })"}.Key()));
}

TEST(MakeCacheKey, RefusesACallerOfWhomTheScopeSaysNothing) {
  for (const char* claims : {"", "{}", R"({"sub":null})", R"({"Sub":"a"})", R"({"sub":"a","sub":"b"})",
                             R"({"sub":"a")", "[]", R"({"org":{"sub":"a"}})"}) {
    EXPECT_FALSE((Asked{.claims = claims}.Key())) << claims;
  }
  EXPECT_FALSE((Asked{.scope = {"sub", "org"}}.Key()));
}

// Random callers and parameters over few values, so that near misses are many: the keys are the same exactly
// when everything that the answer may depend on is.
TEST(MakeCacheKey, NeverJoinsTwoRandomCallersWhoDiffer) {
  std::mt19937 random(7);
  const auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const std::vector<std::string> texts = {"",   "a",   "b", "ab", "1", "s1:a", "1:a", std::string("\0", 1),
                                          "\"", "null"};
  const std::vector<std::string> values = {R"("a")", R"("b")", "1",          R"("1")",
                                           "true",   "[1]",    R"({"a":1})", R"("")"};
  std::map<std::string, std::string> what_by_key;
  std::map<std::string, std::string> key_by_what;
  for (int i = 0; i < 100'000; ++i) {
    Asked asked{.endpoint = pick(texts),
                .version = pick({"v1", "v2"}),
                .format = pick({"json", "csv"}),
                .variant = pick({"", "a"}),
                .role = pick({"", "anon"})};
    const std::string sub = pick(values);
    const std::string org = pick(values);
    const bool both = random() % 2 == 0;
    asked.scope = both ? std::vector<std::string>{"sub", "org"} : std::vector<std::string>{"sub"};
    asked.claims = "{\"org\":" + org + ",\"sub\":" + sub + "}";
    std::string what = "\x01" + asked.endpoint + "\x02" + asked.version + asked.format + "\x02" +
                       asked.variant + "\x02" + asked.role + "\x02" + sub + "\x02" + (both ? org : "-");
    for (std::uint32_t n = random() % 3; n > 0; --n) {
      const std::string text = pick(texts);
      const bool bytes = random() % 2 == 0;
      asked.parameters.push_back(bytes ? sql::Parameter(sql::Bytes{text}) : sql::Parameter(text));
      what += (bytes ? "\x03" : "\x04") + text;
    }
    const auto key = asked.Key();
    ASSERT_TRUE(key);
    ASSERT_EQ(what_by_key.emplace(key->bytes(), what).first->second, what);
    ASSERT_EQ(key_by_what.emplace(what, key->bytes()).first->second, key->bytes());
  }
  EXPECT_GT(what_by_key.size(), 10'000u);
}

}  // namespace
}  // namespace tidemill::queries
