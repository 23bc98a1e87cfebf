#include "queries/values/accept.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "queries/values/preferences.h"
#include "queries/values/testing/described.h"
#include "queries/values/weighted_list.h"

namespace tidemill::queries {
namespace {

using files::RowsShape;
using testing::Asking;

std::string NegotiatedFor(std::vector<std::pair<std::string, std::string>> headers,
                          RowsShape shape = RowsShape::kMany) {
  Asking asking{.headers = std::move(headers)};
  const auto format = Negotiate(asking.Get(), FormatsOf(shape));
  return format ? std::string(ContentType(*format)) : "";
}

TEST(Negotiate, TheClientsQualitiesDecide) {
  struct Case {
    std::string accept;
    std::string given;
  };
  const std::string json = "application/json";
  const std::string object = "application/vnd.pgrst.object+json";
  const std::string lines = "application/x-ndjson";
  const std::string csv = "text/csv; charset=utf-8";
  const Case cases[] = {
      {"*/*", json},
      {"", json},
      {"application/json", json},
      {"APPLICATION/JSON; charset=utf-8", json},
      {"application/*", json},
      {"text/*", csv},
      {"text/csv", csv},
      {"application/vnd.pgrst.object+json", object},
      {"application/vnd.pgrst.object", object},
      {"application/x-ndjson", lines},
      {"application/jsonl", lines},
      {"text/csv, application/json", csv},
      {"application/json, text/csv", json},
      {"text/csv;q=0.5, application/json;q=0.9", json},
      {"text/csv;q=0.9, application/json;q=0.5", csv},
      {"text/csv;q=0.9;x=y, */*;q=0.1", csv},
      {"*/*, application/json;q=0.1", lines},
      {"*/*, application/json;q=0, application/x-ndjson;q=0", csv},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", json},
      {"application/json;q=0", ""},
      {"*/*;q=0", ""},
      {"text/html", ""},
      {"application/vnd.pgrst.plan+json", ""},
      {"text/csv;q=2, application/json;q=0.1", json},
      {"text/csv;q=x, application/json;q=0.1", json},
      {";q=1,,  , text/csv", csv},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.accept);
    EXPECT_EQ(NegotiatedFor({{"Accept", c.accept}}), c.given);
  }
  EXPECT_EQ(NegotiatedFor({}), json);
  EXPECT_EQ(NegotiatedFor({{"accept", "text/html"}, {"Accept", "text/csv"}}), csv);
  EXPECT_EQ(NegotiatedFor({{"Accept", "text/csv"}}, RowsShape::kOne), "");
  EXPECT_EQ(NegotiatedFor({{"Accept", object}}, RowsShape::kOne), object);
  EXPECT_EQ(NegotiatedFor({{"Accept", object}}, RowsShape::kValue), "");
  EXPECT_EQ(NegotiatedFor({{"Accept", "*/*"}}, RowsShape::kExec), json);
}

TEST(ReadWeighted, IsBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a/" + std::to_string(i) + ",";
  Asking asking{.headers = {{"Accept", many}, {"Accept", many}}};
  EXPECT_EQ(ReadWeighted(asking.Get(), "accept").size(), 64u);
}

struct ReadOut {
  Preferences preferences;
  std::string errors;
};

ReadOut PreferencesIn(std::vector<std::string> headers) {
  Asking asking;
  for (std::string& header : headers) asking.headers.emplace_back("Prefer", std::move(header));
  Refusal refusal;
  ReadOut out{.preferences = ReadPreferences(asking.Get(), refusal)};
  for (const FieldError& error : refusal.errors) out.errors += error.ToString() + "\n";
  return out;
}

// RFC 7240, and what PostgREST's documentation says of each.
TEST(ReadPreferences, WhatIsKnownIsRead) {
  struct Case {
    std::vector<std::string> headers;
    Preferences read;
    std::string errors = "";
  };
  const Case cases[] = {
      {{}, {}},
      {{"count=exact"}, {.count = Count::kExact}},
      {{"Count=\"planned\""}, {.count = Count::kPlanned}},
      {{"count=exact, return=minimal"}, {.count = Count::kExact, .answer = Return::kMinimal}},
      {{"count=exact", "return=representation"}, {.count = Count::kExact, .answer = Return::kRepresentation}},
      {{"count=estimated, count=exact"}, {.count = Count::kEstimated}},
      {{"count = exact ; foo=bar , return=minimal"}, {.count = Count::kExact, .answer = Return::kMinimal}},
      {{"count=many, respond-async, wait=10"}, {}},
      {{"max-affected=10"}, {}},
      {{"max-affected=10, handling=strict"}, {.max_affected = 10, .strict = true}},
      {{"handling=strict", "max-affected=0"}, {.max_affected = 0, .strict = true}},
      {{"handling=lenient, nonsense"}, {}},
      {{",,=,;"}, {}},
      {{"handling=strict, respond-async"},
       {.strict = true},
       "header Prefer: \"respond-async\" is not known here, and handling=strict asks for that\n"},
      {{"handling=strict, count=many, max-affected=-1"},
       {.strict = true},
       "header Prefer: count must be exact, planned or estimated, and is \"many\"\n"
       "header Prefer: max-affected must be a number, and is \"-1\"\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.headers.empty() ? "" : c.headers.front());
    const ReadOut out = PreferencesIn(c.headers);
    EXPECT_TRUE(out.preferences == c.read);
    EXPECT_EQ(out.errors, c.errors);
  }
}

}  // namespace
}  // namespace tidemill::queries
