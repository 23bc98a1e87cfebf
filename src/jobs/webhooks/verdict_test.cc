#include "jobs/webhooks/verdict.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidemill::webhooks {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

http::ClientResponse Answer(int status, std::string body = "", Headers headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST(Verdict, WhatAnswersMean) {
  struct Case {
    const char* name;
    http::ClientResponse response;
    std::size_t verdict;  // the index in Verdict
  };
  const Headers later = {{"tidemill-completion", "Later"}};
  const Headers pause = {{"retry-after", "7"}};
  const Case cases[] = {
      {"200", Answer(200), 0},
      {"204", Answer(204), 0},
      {"202 alone", Answer(202), 0},
      {"202 later", Answer(202, "", later), 1},
      {"200 cannot be later", Answer(200, "", later), 0},
      {"410", Answer(410), 2},
      {"429 with a time", Answer(429, "", pause), 3},
      {"503 with a time", Answer(503, "", pause), 3},
      {"429 without", Answer(429), 4},
      {"500 with a time", Answer(500, "", pause), 4},
      {"301", Answer(301, "", {{"location", "http://169.254.169.254/"}}), 4},
      {"404", Answer(404), 4},
      {"100", Answer(100), 4},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Judge(c.response, "https://example.com/", WallTime{}).index(), c.verdict);
  }
}

TEST(Verdict, AResultIsJsonAndNotTooLong) {
  const auto result = [](std::string body) {
    return std::get<Done>(Judge(Answer(200, std::move(body)), "", WallTime{})).result;
  };
  EXPECT_EQ(result(R"({"sent":1})"), R"({"sent":1})");
  EXPECT_EQ(result("ok"), "");
  EXPECT_EQ(result(""), "");
  EXPECT_EQ(result("\"" + std::string(kResultBytesMax, 'a') + "\""), "");
}

TEST(Verdict, OnlyOutagesCountAgainstTheEndpoint) {
  const auto failed = [](const Result<http::ClientResponse>& response) {
    return std::get<Failed>(Judge(response, "https://example.com/jobs", WallTime{}));
  };
  EXPECT_TRUE(failed(Answer(500)).is_outage);
  EXPECT_FALSE(failed(Answer(400)).is_outage);
  EXPECT_FALSE(failed(Answer(301)).is_outage);
  EXPECT_TRUE(failed(Fail(Errc::kTimeout, "no response in time")).is_outage);
  EXPECT_EQ(failed(Fail(Errc::kTimeout, "no response in time")).error.type, "WebhookTimeout");
  EXPECT_TRUE(failed(Fail(Errc::kUnavailable, "refused")).is_outage);
  const Failed refused = failed(Fail(Errc::kPermissionDenied, "localhost is a local or private address"));
  EXPECT_FALSE(refused.is_outage);
  EXPECT_EQ(
      refused.error.message,
      "https://example.com/jobs: localhost is a local or private address, and push.allow_private is not "
      "set");
  EXPECT_EQ(failed(Answer(400, "no such template")).error.message,
            "https://example.com/jobs answered 400: no such template");
  EXPECT_LE(failed(Answer(400, std::string(100'000, 'x'))).error.message.size(), job::kErrorMessageBytesMax);
}

}  // namespace
}  // namespace tidemill::webhooks
