#include "queries/cache/conditional.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metrics/metrics.h"
#include "queries/cache/testing/fake_query.h"

namespace tidemill::queries {
namespace {

using testing::JsonOf;

TEST(ListsEtag, ComparesWeakly) {
  struct Case {
    const char* list;
    bool listed;
  };
  const Case cases[] = {
      {R"("a")", true},
      {R"(W/"a")", true},
      {R"("b", "a")", true},
      {R"("b","a")", true},
      {R"("b" , W/"a")", true},
      {R"( "a" )", true},
      {"*", true},
      {" * ", true},
      {R"("b")", false},
      {"a", false},
      {"", false},
      {R"("a)", false},
      {R"("A")", false},
      {R"("b,"a"")", false},
      {R"("x,y", "a")", true},
      {R"(w/"a")", false},
      {R"("aa")", false},
      {R"(,, "a")", true},
      {"W/", false},
  };
  for (const Case& c : cases) EXPECT_EQ(ListsEtag(c.list, R"("a")"), c.listed) << c.list;
}

CachePolicy PolicyOf(Generations& generations, std::vector<std::string> tables, bool everybody,
                     Duration swr = Duration{}) {
  return {.ttl = Seconds(30),
          .stale_while_revalidate = swr,
          .everybody = everybody,
          .dependencies = generations.Depend(tables)};
}

TEST(CacheControlOf, TellsBrowsersToAskWhereOnlyTheServerKnowsTheEnd) {
  Generations generations;
  EXPECT_EQ(CacheControlOf(PolicyOf(generations, {"orders"}, false)), "private, no-cache");
  EXPECT_EQ(CacheControlOf(PolicyOf(generations, {"orders"}, true)), "public, max-age=0, s-maxage=30");
  EXPECT_EQ(CacheControlOf(PolicyOf(generations, {"orders"}, true, Minutes(5))),
            "public, max-age=0, s-maxage=30, stale-while-revalidate=300");
  EXPECT_EQ(CacheControlOf(PolicyOf(generations, {}, false)), "private, max-age=30");
  EXPECT_EQ(CacheControlOf(PolicyOf(generations, {}, true, Minutes(5))),
            "public, max-age=30, stale-while-revalidate=300");
}

FoundAnswer FoundOf(FoundAnswer::How how, Duration ttl_left) {
  return {.answer = CachedAnswer::Make(JsonOf("[1]")),
          .how = how,
          .age = Milliseconds(2500),
          .ttl_left = ttl_left};
}

TEST(CacheStatusOf, SaysWhatHappened) {
  using How = FoundAnswer::How;
  EXPECT_EQ(CacheStatusOf(FoundOf(How::kHit, Milliseconds(12'900))), "tidemill; hit; ttl=12");
  EXPECT_EQ(CacheStatusOf(FoundOf(How::kStale, Milliseconds(-1))), "tidemill; hit; ttl=-1");
  EXPECT_EQ(CacheStatusOf(FoundOf(How::kStale, Milliseconds(-3001))), "tidemill; hit; ttl=-4");
  FoundAnswer miss = FoundOf(How::kMiss, Seconds(30));
  EXPECT_EQ(CacheStatusOf(miss), "tidemill; fwd=miss");
  miss.kept = true;
  EXPECT_EQ(CacheStatusOf(miss), "tidemill; fwd=miss; stored");
  miss.expired = true;
  miss.how = How::kJoined;
  EXPECT_EQ(CacheStatusOf(miss), "tidemill; fwd=stale; stored; collapsed");
  miss.remote = true;
  EXPECT_EQ(CacheStatusOf(miss), "tidemill; hit; ttl=30; detail=redis");
}

std::string HeaderOf(const http::Response& response, std::string_view name) {
  std::string all;
  for (const auto& [given, value] : response.headers) {
    if (given == name) all += (all.empty() ? "" : "|") + value;
  }
  return all;
}

class RespondWithTest : public ::testing::Test {
 protected:
  http::Response Respond(const FoundAnswer& found, std::optional<std::string_view> if_none_match,
                         bool everybody = false) {
    return RespondWith(found, PolicyOf(generations_, {"orders"}, everybody), if_none_match, metrics_);
  }

  Generations generations_;
  metrics::Registry registry_;
  CacheMetrics metrics_{registry_};
};

TEST_F(RespondWithTest, GivesTheWholeAnswerWithItsTag) {
  const FoundAnswer found = FoundOf(FoundAnswer::How::kHit, Seconds(3));
  const http::Response response = Respond(found, std::nullopt);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "[1]");
  EXPECT_EQ(HeaderOf(response, "ETag"), found.answer->etag);
  EXPECT_EQ(HeaderOf(response, "Age"), "2");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "private, no-cache");
  EXPECT_EQ(HeaderOf(response, "Vary"), "Authorization");
  EXPECT_EQ(HeaderOf(response, "Cache-Status"), "tidemill; hit; ttl=3");
  EXPECT_EQ(HeaderOf(Respond(found, std::nullopt, true), "Vary"), "");
}

TEST_F(RespondWithTest, GivesNoBodyToWhoHasIt) {
  FoundAnswer found = FoundOf(FoundAnswer::How::kHit, Seconds(3));
  http::Response whole = found.answer->response;
  whole.headers.emplace_back("Vary", "Accept");
  found.answer = CachedAnswer::Make(std::move(whole));
  const http::Response response = Respond(found, found.answer->etag);
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(HeaderOf(response, "ETag"), found.answer->etag);
  EXPECT_EQ(HeaderOf(response, "Vary"), "Accept|Authorization");
  EXPECT_EQ(HeaderOf(response, "Content-Type"), "");
  EXPECT_EQ(HeaderOf(response, "Cache-Status"), "tidemill; hit; ttl=3");
  EXPECT_EQ(metrics_.not_modified.value(), 1u);
  EXPECT_EQ(Respond(found, R"("another")").status, 200);
}

TEST_F(RespondWithTest, HasNoTagForWhatIsNo200) {
  FoundAnswer found = FoundOf(FoundAnswer::How::kHit, Seconds(3));
  found.answer = CachedAnswer::Make(http::Response::Json(404, "{}"));
  const http::Response response = Respond(found, "*");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(HeaderOf(response, "ETag"), "");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "no-store");
}

TEST(CachedAnswer, ItsTagIsOfTypeAndBody) {
  const auto tag = [](std::string body, std::string type) {
    return CachedAnswer::Make({.headers = {{"Content-Type", std::move(type)}}, .body = std::move(body)})
        ->etag;
  };
  EXPECT_EQ(tag("[1]", "application/json"), tag("[1]", "application/json"));
  EXPECT_NE(tag("[1]", "application/json"), tag("[2]", "application/json"));
  EXPECT_NE(tag("[1]", "application/json"), tag("[1]", "text/csv"));
  EXPECT_TRUE(tag("", "").starts_with('"'));
  EXPECT_EQ(CachedAnswer::Make({.headers = {{"etag", "\"own\""}}})->etag, "\"own\"");
}

}  // namespace
}  // namespace tidemill::queries
