#include "queries/values/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "queries/values/testing/described.h"
#include "queries/values/value.h"

namespace tidemill::queries {
namespace {

using testing::Asking;
using testing::Described;
using testing::MakeEndpoint;
using testing::TypeOf;

std::string Errors(const std::expected<TypedRequest, Refusal>& read) {
  if (read) return "";
  std::string all;
  for (const FieldError& error : read.error().errors) all += error.ToString() + "\n";
  return all;
}

std::shared_ptr<const RequestReader> ReaderOf(std::string path, std::string text, const Described& described,
                                              ReaderOptions options = {}) {
  auto reader = RequestReader::Make(MakeEndpoint(std::move(path), std::move(text), described),
                                    described.dialect, std::move(options));
  EXPECT_TRUE(reader) << reader.error();
  return *reader;
}

const Described kOrders = {.parameters = {{"id", TypeOf("int4")},
                                          {"amount", TypeOf("numeric")},
                                          {"tags", TypeOf("text[]")},
                                          {"urgent", TypeOf("bool")}},
                           .columns = {{"id", TypeOf("int4")}, {"created_at", TypeOf("timestamptz")}}};

TEST(RequestReader, AQueryIsReadByName) {
  const auto reader = ReaderOf("orders.get.sql",
                               "-- @param status text = 'open'\n-- @param tags text[]\n"
                               "select 1 where :id = 1 and :status = '' and :tags = ''",
                               kOrders);
  struct Case {
    const char* name;
    std::string query;
    sql::Parameters values;
    std::string errors;
  };
  using Texts = std::string;
  const Case cases[] = {
      {"one", "id=7", {std::int64_t{7}, Texts("open"), sql::Null()}, ""},
      {"all",
       "id=-7&status=a%20b+c%C3%A9&tags=x&tags=y%22",
       {std::int64_t{-7}, Texts("a b cé"), Texts("{\"x\",\"y\\\"\"}")},
       ""},
      {"empty text", "id=1&status=", {std::int64_t{1}, Texts(""), sql::Null()}, ""},
      {"empty pairs", "&&id=1&", {std::int64_t{1}, Texts("open"), sql::Null()}, ""},
      {"missing", "", {}, "id: is missing in the query, behind the ?\n"},
      {"no value", "id", {}, "id: must be an integer from -2147483648 to 2147483647, and is \"\"\n"},
      {"twice", "id=1&id=1", {}, "id: is there 2 times\n"},
      {"near miss", "id=1&statsu=x", {}, "statsu: is no parameter of this endpoint; did you mean status?\n"},
      {"malformed",
       "id=%2",
       {},
       "id: has a % without two hexadecimal digits\nid: is missing in the query, behind the ?\n"},
      {"not UTF-8", "id=1&status=%ff", {}, "status: is not UTF-8\n"},
      {"zero", "id=1&status=a%00b", {}, "status: has a zero character\n"},
      {"injection in a name",
       "id=1&id);drop%20table%20t--=1",
       {},
       "\"id);drop table t--\": is no parameter of this endpoint\n"},
      {"injection in a value",
       "id=1&status='%3B%20drop%20table%20t--",
       {std::int64_t{1}, Texts("'; drop table t--"), sql::Null()},
       ""},
      {"several",
       "id=x&statsu=y",
       {},
       "statsu: is no parameter of this endpoint; did you mean status?\n"
       "id: must be an integer from -2147483648 to 2147483647, and is \"x\"\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto read = reader->Read(Asking{.query = c.query}.Get(), "");
    EXPECT_EQ(Errors(read), c.errors);
    if (read) {
      ASSERT_EQ(read->inputs.size(), 1u);
      EXPECT_EQ(read->inputs[0], c.values);
    }
  }
}

TEST(RequestReader, ABodyIsAnObjectOrAnArrayOfThem) {
  const auto reader = ReaderOf("orders.post.sql",
                               "-- @param amount numeric = 1.50\n-- @param urgent bool = null\n"
                               "insert into orders values (:id, :amount, :urgent)",
                               kOrders);
  struct Case {
    const char* name;
    std::string body;
    std::string errors;
    std::size_t inputs = 1;
  };
  const Case cases[] = {
      {"object", R"({"id":1,"amount":12345678901234567890.10,"urgent":true})", ""},
      {"defaults", R"({"id":1})", ""},
      {"null", R"({"id":1,"urgent":null})", ""},
      {"bulk", R"([{"id":1},{"id":2}])", "", 2},
      {"empty bulk", "[]", "", 0},
      {"all that is wrong", R"({"id":"1","amount":true,"urgent":0,"tag":[]})",
       "id: must be an integer, and is \"1\"\namount: must be a number, and is true\n"
       "urgent: must be true or false, and is 0\ntag: is no parameter of this endpoint\n"},
      {"of the second", R"([{"id":1},{"id":2.5},3])",
       "[1].id: must be an integer from -2147483648 to 2147483647, and is 2.5\n[2]: must be an object\n"},
      {"twice", R"({"id":1,"id":2})", "id: is there twice\n"},
      {"null where one is required", R"({"id":null})", "id: must not be null\n"},
      {"nothing", "", "id: is missing in the body\n"},
      {"no object", "17",
       "body: is no JSON for this endpoint: byte 0: expected an object, or an array of objects\n"},
      {"broken", R"({"id":1)", "body: is no JSON for this endpoint: byte 7: expected , or }\n"},
      {"broken later", R"([{"id":"x"},{])", "body: is no JSON for this endpoint: byte 13: expected a key\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Asking asking{.body = c.body, .method = http::Method::kPost};
    const auto read = reader->Read(asking.Get(), "");
    EXPECT_EQ(Errors(read), c.errors);
    if (read) EXPECT_EQ(read->inputs.size(), c.inputs);
  }
  Asking asking{.body = cases[0].body, .method = http::Method::kPost};
  EXPECT_EQ(reader->Read(asking.Get(), "")->inputs[0],
            (sql::Parameters{std::int64_t{1}, std::string("12345678901234567890.10"), true}));
  Asking defaults{.body = cases[1].body, .method = http::Method::kPost};
  EXPECT_EQ(reader->Read(defaults.Get(), "")->inputs[0],
            (sql::Parameters{std::int64_t{1}, std::string("1.50"), sql::Null()}));
}

const char* const kTwoFields = "insert into orders values (:id, :status)";

TEST(RequestReader, AFormIsReadLikeAQuery) {
  const auto reader = ReaderOf("orders.post.sql", kTwoFields, kOrders);
  const auto errors = [&](std::string body, std::string type = "application/x-www-form-urlencoded") {
    Asking asking{.body = std::move(body),
                  .headers = {{"Content-Type", std::move(type)}},
                  .method = http::Method::kPost};
    return Errors(reader->Read(asking.Get(), ""));
  };
  EXPECT_EQ(errors("id=1&status=a+b"), "");
  EXPECT_EQ(errors("id=1&status=a", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"), "");
  EXPECT_EQ(errors("id=1&id=2&status"), "id: is there 2 times\n");
  EXPECT_EQ(errors("id=1"), "status: is missing in the body\n");
  EXPECT_EQ(errors("{\"id\":1}"),
            "\"{\\\"id\\\":1}\": looks like JSON: send it with Content-Type: application/json\n"
            "id: is missing in the body\nstatus: is missing in the body\n");
  const std::string types =
      "header Content-Type: must be application/json or "
      "application/x-www-form-urlencoded, in UTF-8, and is ";
  EXPECT_EQ(errors("id=1", "text/plain"), types + "\"text/plain\"\n");
  EXPECT_EQ(errors("{}", "application/json; charset=latin1"),
            types + "\"application/json; charset=latin1\"\n");
  EXPECT_EQ(errors("{}", "multipart/form-data; boundary=x"), types + "\"multipart/form-data; boundary=x\"\n");
}

TEST(RequestReader, AKindOfItsOwnHasAStatusOfItsOwn) {
  const auto reader = ReaderOf("orders.post.sql", kTwoFields, kOrders, {.bulk_elements_max = 2});
  const auto kind = [&](std::string body, std::vector<std::pair<std::string, std::string>> headers) {
    Asking asking{.body = std::move(body), .headers = std::move(headers), .method = http::Method::kPost};
    const auto read = reader->Read(asking.Get(), "");
    EXPECT_FALSE(read);
    return read.error().kind;
  };
  EXPECT_EQ(kind("x", {{"Content-Type", "text/plain"}}), RefusalKind::kUnsupportedMediaType);
  EXPECT_EQ(kind("{}", {{"Accept", "text/html"}}), RefusalKind::kNotAcceptable);
  EXPECT_EQ(kind("[]", {{"Accept", "text/html"}}), RefusalKind::kNotAcceptable);
  const std::string element = R"({"id":1,"status":"a"})";
  EXPECT_EQ(kind("[" + element + "," + element + "," + element + "]", {}), RefusalKind::kTooLarge);
  EXPECT_EQ(kind("{}", {}), RefusalKind::kInvalid);
}

TEST(RequestReader, AfterFiftyErrorsNobodyLooksOn) {
  const auto reader = ReaderOf("orders.post.sql", kTwoFields, kOrders);
  std::string body = "[";
  for (int i = 0; i < 300; ++i) body += R"({"id":"x","statu":1},)";
  body.back() = ']';
  Asking asking{.body = body, .method = http::Method::kPost};
  const auto read = reader->Read(asking.Get(), "");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().errors.size(), Refusal::kErrorsMax);
  EXPECT_EQ(read.error().unlisted, 1u);
}

TEST(RequestReader, WhatABodyHoldsIsBounded) {
  const auto reader = ReaderOf("orders.post.sql", "-- @param tags = null\ninsert into t values (:id, :tags)",
                               kOrders, {.bulk_values_max = 6});
  const auto refused = [&](std::string body, std::string type) {
    Asking asking{.body = std::move(body),
                  .headers = {{"Content-Type", std::move(type)}},
                  .method = http::Method::kPost};
    const auto read = reader->Read(asking.Get(), "");
    EXPECT_FALSE(read);
    return Errors(read);
  };
  EXPECT_EQ(refused("[{},{},{},{}]", "application/json"),
            "[0].id: is missing in the body\n[1].id: is missing in the body\n[2].id: is missing in the body\n"
            "body: has 4 elements, and at most 3 may come at once\n");
  std::string form = "id=1";
  for (int i = 0; i < 20'000; ++i) form += "&tags=x";
  EXPECT_EQ(refused(form, "application/x-www-form-urlencoded"), "body: has more than 20000 fields\n");
  std::string tags = "[\"x\"";
  for (std::size_t i = 1; i < kArrayElementsMax; ++i) tags += ",\"x\"";
  const std::string element = R"({"id":1,"tags":)" + tags + "]}";
  EXPECT_EQ(refused("[" + element + "," + element + "," + element + "]", "application/json"),
            "[2].tags: has, with the arrays before it, more than 50000 elements\n");
  EXPECT_TRUE(reader->Read(
      Asking{.body = "[" + element + "," + element + "]", .method = http::Method::kPost}.Get(), ""));
}

TEST(RequestReader, EachParameterHasItsPlace) {
  const auto reader =
      ReaderOf("orders/[id].put.sql",
               "-- @param note text! query\n-- @param sub text claim\n"
               "update orders set note = :note, status = :status where id = :id and who = :sub",
               kOrders);
  Asking asking{
      .query = "note=n", .body = R"({"status":"s"})", .path = {{"id", "%37"}}, .method = http::Method::kPut};
  const auto read = reader->Read(asking.Get(), R"({"sub":"me","role":"x"})");
  ASSERT_TRUE(read) << Errors(read);
  EXPECT_EQ(read->inputs[0],
            (sql::Parameters{std::string("n"), std::string("s"), std::int64_t{7}, std::string("me")}));

  asking.query = "note=n&status=s&id=8&sub=you";
  asking.body = R"({"status":"s","sub":"you","note":"n"})";
  EXPECT_EQ(Errors(reader->Read(asking.Get(), R"({"sub":"me"})")),
            "status: belongs in the body\nid: belongs in the path\nsub: belongs in the caller's token\n"
            "sub: belongs in the caller's token\nnote: belongs in the query, behind the ?\n");
  asking.path = {{"id", "%zz"}};
  asking.query = "";
  asking.body = "";
  EXPECT_EQ(Errors(reader->Read(asking.Get(), R"({"sub":"me"})")),
            "id: has a % without two hexadecimal digits\nnote: is missing in the query, behind the ?\n"
            "status: is missing in the body\n");
}

TEST(RequestReader, ClaimsAreTheTokens) {
  const auto required = ReaderOf("a.get.sql", "-- @param sub text! claim\nselect :sub", kOrders);
  const auto typed = ReaderOf("a.get.sql", "-- @param id int claim\nselect :id", kOrders);
  Asking asking;
  EXPECT_EQ(required->Read(asking.Get(), R"({"sub":"o'neill"})")->inputs[0],
            (sql::Parameters{std::string("o'neill")}));
  for (const char* const claims : {"", "{}", R"({"sub":null})", R"({"sub":5})", R"({"Sub":"a"})"}) {
    SCOPED_TRACE(claims);
    const auto read = required->Read(asking.Get(), claims);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, RefusalKind::kForbidden);
    EXPECT_TRUE(Errors(read).starts_with("claim sub: ")) << Errors(read);
  }
  EXPECT_EQ(typed->Read(asking.Get(), R"({"id":7})")->inputs[0], (sql::Parameters{std::int64_t{7}}));
}

TEST(RequestReader, NamesOfOthersArePassedOver) {
  const auto reader = ReaderOf("a.get.sql", "select 1", kOrders, {.other_query_names = {"api_key"}});
  EXPECT_EQ(Errors(reader->Read(Asking{.query = "api_key=x&api_key=%"}.Get(), "")), "");
  EXPECT_EQ(Errors(reader->Read(Asking{.query = "api_keys=x"}.Get(), "")),
            "api_keys: is no parameter of this endpoint\n");
}

TEST(RequestReader, ADefaultMustFitItsType) {
  const auto made = RequestReader::Make(MakeEndpoint("a.get.sql", "-- @param id = 'x'\nselect :id", kOrders),
                                        sql::Dialect::kPostgres);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(),
            "the default of :id must be an integer from -2147483648 to 2147483647, and is \"x\"");
}

TEST(RequestReader, MaxAffectedIsRefusedWhereNobodyCounts) {
  const auto errors = [](const char* path, const char* text) {
    auto endpoint = std::make_shared<Endpoint>(*MakeEndpoint(path, text, kOrders));
    if (!std::string_view(path).contains(".get.")) endpoint->access = sql::Access::kWrite;
    const auto reader = RequestReader::Make(endpoint, sql::Dialect::kPostgres);
    Asking asking{.headers = {{"Prefer", "handling=strict, max-affected=1"}}};
    return Errors((*reader)->Read(asking.Get(), ""));
  };
  for (const char* text :
       {"delete from a", "-- @tx\ninsert into a values (1); select 1", "update a set b = 1"}) {
    EXPECT_EQ(errors("a.post.sql", text), "") << text;
  }
  for (const char* text : {"select do_it()", "with d as (delete from a returning b) select count(*) from d",
                           "-- @tx\ndelete from a; with d as (delete from b returning c) select c from d"}) {
    EXPECT_TRUE(errors("a.post.sql", text).starts_with("header Prefer: max-affected: ")) << text;
  }
  EXPECT_EQ(errors("a.get.sql", "select 1"), "");
}

}  // namespace
}  // namespace tidemill::queries
