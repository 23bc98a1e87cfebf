#include "queries/openapi/openapi.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "http/router.h"
#include "queries/openapi/documents.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::Described;
using testing::MakeEndpoint;
using testing::TypeOf;

std::shared_ptr<const Endpoint> Named(std::string id, std::shared_ptr<const Endpoint> endpoint) {
  Endpoint named = *endpoint;
  named.operation_id = std::move(id);
  return std::make_shared<const Endpoint>(std::move(named));
}

Catalog CatalogOf(std::vector<std::shared_ptr<const Endpoint>> endpoints) {
  return {.files = std::make_shared<const files::FileSet>(), .endpoints = std::move(endpoints)};
}

std::shared_ptr<const Endpoint> OrdersOfACustomer() {
  return Named(
      "get_orders_by_customer",
      MakeEndpoint("orders/by_customer.get.sql",
                   "-- Latest orders of one customer.\n-- The newest come first.\n"
                   "-- @param customer_id int! \"whose orders\"\n-- @param status text = 'open'\n"
                   "-- @auth role:web\n-- @page limit=50 max=500\n-- @sort id|amount\n"
                   "select id, amount from orders where customer_id = :customer_id and status = :status",
                   {.parameters = {{"customer_id", TypeOf("int4")}},
                    .columns = {{"id", TypeOf("int8")}, {"amount", TypeOf("numeric")}}}));
}

// What stands behind `key` in the document, to its closing bracket.
std::string Behind(const std::string& document, const std::string& key) {
  const std::size_t at = document.find("\"" + key + "\":");
  if (at == std::string::npos) return "not there";
  std::size_t end = at + key.size() + 3;
  int depth = 0;
  do {
    depth += document[end] == '{' || document[end] == '[';
    depth -= document[end] == '}' || document[end] == ']';
    ++end;
  } while (depth > 0 && end < document.size());
  return document.substr(at + key.size() + 3, end - at - key.size() - 3);
}

TEST(OpenApi, ParametersOfAGet) {
  const std::string document = OpenApiDocument(CatalogOf({OrdersOfACustomer()}), {});
  EXPECT_TRUE(IsJson(document));
  EXPECT_EQ(Behind(document, "servers"), R"([{"url":"/rest"}])");
  const std::string operation = Behind(document, "get");
  EXPECT_TRUE(operation.starts_with(
      R"({"operationId":"get_orders_by_customer","tags":["orders"],)"
      R"("summary":"Latest orders of one customer.",)"
      R"("description":"The newest come first.","security":[{"bearer":["web"]}],"parameters":[)"
      R"({"name":"customer_id","in":"query","required":true,"description":"whose orders",)"
      R"("schema":{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}},)"
      R"({"name":"status","in":"query","schema":{"type":"string","default":"open"}},)"
      R"({"name":"limit","in":"query","description":"How many rows at most",)"
      R"("schema":{"type":"integer","minimum":0,"maximum":500,"default":50}},{"name":"offset",)"))
      << operation;
  EXPECT_NE(operation.find(R"("enum":["id","id.desc","amount","amount.desc"])"), std::string::npos)
      << operation;
}

TEST(OpenApi, RowsSayWhatMayBeNull) {
  Endpoint endpoint = *OrdersOfACustomer();
  endpoint.columns[0].nullable = false;
  endpoint.columns[1].nullable = true;
  endpoint.columns[1].doc = "in cents";
  const std::string document =
      OpenApiDocument(CatalogOf({std::make_shared<const Endpoint>(std::move(endpoint))}), {});
  EXPECT_EQ(Behind(Behind(document, "200"), "items"),
            R"({"$ref":"#/components/schemas/get_orders_by_customer_row"})");
  EXPECT_EQ(Behind(document, "get_orders_by_customer_row"),
            R"({"type":"object","properties":{"id":{"type":"integer","format":"int64",)"
            R"("minimum":-9223372036854775808,"maximum":9223372036854775807},)"
            R"("amount":{"type":["number","null"],"description":"in cents"}},"required":["id","amount"]})");
}

TEST(OpenApi, BodiesEnumsAndClaims) {
  const auto endpoint =
      Named("post_orders",
            MakeEndpoint("orders.post.sql",
                         "-- @param sub text claim\n-- @param state! \"its state\"\n-- @param note text\n"
                         "-- @rows one\ninsert into orders values (:sub, :state, :note) returning id",
                         {.parameters = {{"state", testing::EnumOf({"new", "paid"})}},
                          .columns = {{"id", TypeOf("uuid")}}}));
  const std::string document = OpenApiDocument(CatalogOf({endpoint}), {});
  EXPECT_EQ(Behind(Behind(document, "requestBody"), "schema"),
            R"({"type":"object","properties":{"state":{"type":"string","enum":["new","paid"],)"
            R"("description":"its state"},"note":{"type":["string","null"]}},"required":["state"],)"
            R"("additionalProperties":false})");
  EXPECT_EQ(document.find("\"sub\""), std::string::npos) << "no request can set it";
  EXPECT_NE(document.find("\"404\""), std::string::npos);
  EXPECT_NE(document.find("\"409\""), std::string::npos);
  EXPECT_NE(document.find(R"({"name":"Idempotency-Key","in":"header",)"), std::string::npos);
}

TEST(OpenApi, OpenEndpointsAndPathParameters) {
  const auto endpoint =
      Named("get_product",
            MakeEndpoint("products/[id].get.sql", "-- @auth none\n-- @rows one\nselect :id::int as id",
                         {.parameters = {{"id", TypeOf("int4")}}, .columns = {{"id", TypeOf("int4")}}}));
  const std::string document = OpenApiDocument(CatalogOf({endpoint}), {.prefix = ""});
  EXPECT_NE(document.find("\"/products/{id}\":{\"get\""), std::string::npos);
  EXPECT_EQ(Behind(document, "servers"), R"([{"url":"/"}])");
  EXPECT_EQ(Behind(document, "security"), "[]");
  EXPECT_EQ(document.find("Idempotency-Key"), std::string::npos) << "it only reads";
  EXPECT_TRUE(Behind(document, "parameters").starts_with(R"([{"name":"id","in":"path","required":true,)"));
}

TEST(OpenApi, TheSameWhateverTheOrder) {
  const auto a = OrdersOfACustomer();
  const auto b = Named("get_a", MakeEndpoint("a.get.sql", "select 1 as one",
                                             {.parameters = {}, .columns = {{"one", TypeOf("int4")}}}));
  EXPECT_TRUE(OpenApiDocument(CatalogOf({a, b}), {}) == OpenApiDocument(CatalogOf({b, a}), {}));
}

TEST(OpenApi, TheDocumentAndThePageHaveRoutes) {
  http::Router router;
  AddDocuments(CatalogOf({OrdersOfACustomer()}), {.prefix = "/rest"}, router);
  for (const char* path : {"/rest/openapi.json", "/rest", "/rest/", "/rest/docs.js", "/rest/docs.css"}) {
    std::vector<std::string_view> values;
    const http::Router::Route* const route = router.Find(path, values);
    ASSERT_NE(route, nullptr) << path;
    EXPECT_NE(route->For(http::Method::kGet), nullptr) << path;
  }
}

TEST(OpenApi, BrokenOnesAreForDevelopers) {
  Catalog catalog = CatalogOf({});
  catalog.broken.push_back({.route = {.method = files::Method::kGet, .segments = {{.text = "a"}}},
                            .path = "a.get.sql",
                            .reason = "a.get.sql:1:1: no"});
  EXPECT_EQ(OpenApiDocument(catalog, {}).find("x-broken"), std::string::npos);
  EXPECT_EQ(Behind(OpenApiDocument(catalog, {.broken = BrokenOnes::kWithReasons}), "x-broken"),
            R"([{"method":"GET","path":"/a","file":"a.get.sql","reason":"a.get.sql:1:1: no"}])");
}

}  // namespace
}  // namespace tidemill::queries
