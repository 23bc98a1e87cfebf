#include "http/page_origin.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::http {
namespace {

TEST(PageOriginOf, SecFetchSiteDecidesThenOrigin) {
  struct Case {
    const char* name;
    std::vector<HeaderView> headers;
    PageOrigin wanted;
  };
  const Case cases[] = {
      {"nothing", {}, PageOrigin::kUnknown},
      {"own page", {{"Sec-Fetch-Site", "same-origin"}}, PageOrigin::kOwn},
      {"typed address", {{"Sec-Fetch-Site", "none"}}, PageOrigin::kOwn},
      {"another host of the site", {{"Sec-Fetch-Site", "same-site"}}, PageOrigin::kForeign},
      {"another site", {{"sec-fetch-site", "cross-site"}}, PageOrigin::kForeign},
      {"a word that is not known", {{"Sec-Fetch-Site", "Same-Origin"}}, PageOrigin::kForeign},
      {"empty", {{"Sec-Fetch-Site", ""}}, PageOrigin::kForeign},
      {"twice", {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}, PageOrigin::kForeign},
      {"the browser's word goes first",
       {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://a.com"}},
       PageOrigin::kForeign},
      {"the same the other way round",
       {{"Origin", "http://evil.com"}, {"Sec-Fetch-Site", "same-origin"}},
       PageOrigin::kOwn},
      {"own origin", {{"Origin", "http://a.com"}}, PageOrigin::kOwn},
      {"own origin in capitals", {{"Origin", "HTTP://A.COM:80"}}, PageOrigin::kOwn},
      {"the public one", {{"Origin", "https://public.example"}}, PageOrigin::kOwn},
      {"another port", {{"Origin", "http://a.com:81"}}, PageOrigin::kForeign},
      {"another host", {{"Origin", "http://evil.com"}}, PageOrigin::kForeign},
      {"as a suffix", {{"Origin", "http://evil-a.com"}}, PageOrigin::kForeign},
      {"as a prefix", {{"Origin", "http://a.com.evil.com"}}, PageOrigin::kForeign},
      {"no origin", {{"Origin", "null"}}, PageOrigin::kForeign},
      {"two origins", {{"Origin", "http://a.com"}, {"Origin", "http://evil.com"}}, PageOrigin::kForeign},
  };
  const std::vector<std::string> own = {"https://public.example"};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Request request;
    request.headers = c.headers;
    request.headers.push_back({"Host", "a.com"});
    EXPECT_EQ(PageOriginOf(request, own), c.wanted);
  }
}

TEST(PageOriginOf, WithoutOwnOriginsOnlyTheHostCounts) {
  Request request;
  request.headers = {{"Host", "a.com"}, {"Origin", "https://public.example"}};
  EXPECT_EQ(PageOriginOf(request, {}), PageOrigin::kForeign);
}

}  // namespace
}  // namespace tidemill::http
