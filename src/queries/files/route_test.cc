#include "queries/files/route.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::files {
namespace {

std::string Reading(std::string_view path) {
  Problems problems;
  const FileName name = ParseFileName(path, problems);
  std::string out;
  switch (name.kind) {
    case FileKind::kQuery:
      out = Route{.method = name.method.value_or(Method::kGet), .segments = name.segments}.ToString();
      if (!name.method) out = "? " + out.substr(4);
      break;
    case FileKind::kMigration: out = "migration"; break;
    case FileKind::kTest: out = "test"; break;
    case FileKind::kIgnored: out = "ignored"; break;
  }
  for (const Problem& problem : problems.Take()) {
    EXPECT_TRUE(problem.kind == ProblemKind::kRoute || problem.kind == ProblemKind::kLimit);
    out += " !" + problem.message;
  }
  return out;
}

TEST(FileName, GivesMethodAndPath) {
  struct Case {
    std::string_view path;
    std::string_view reading;
  };
  const std::string deep = "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a.get.sql";
  const Case cases[] = {
      {"orders.get.sql", "GET /orders"},
      {"orders.post.sql", "POST /orders"},
      {"orders/by_customer.get.sql", "GET /orders/by_customer"},
      {"orders/[id].get.sql", "GET /orders/{id}"},
      {"orders/[id].put.sql", "PUT /orders/{id}"},
      {"orders/[id].patch.sql", "PATCH /orders/{id}"},
      {"orders/[id].delete.sql", "DELETE /orders/{id}"},
      {"orders/[id]/items/[item_id].get.sql", "GET /orders/{id}/items/{item_id}"},
      {"[tenantId]/orders.get.sql", "GET /{tenantId}/orders"},
      {"orders/index.get.sql", "GET /orders"},
      {"index.get.sql", "GET /"},
      {"users.sql", "? /users"},
      {"a-b/c_d/e1.get.sql", "GET /a-b/c_d/e1"},
      {"2026.get.sql", "GET /2026"},
      // Names that look like something else.
      {"get.get.sql", "GET /get"},
      {"get.sql", "? /get"},
      {"test.get.sql", "GET /test"},
      {"orders/migrations/a.get.sql", "GET /orders/migrations/a"},
      {"migrations.get.sql", "GET /migrations"},
      // Others' files.
      {"migrations/0001_orders.sql", "migration"},
      {"migrations/a/b.sql", "migration"},
      {"orders/[id].test.sql", "test"},
      {"orders.get.test.sql", "test"},
      {".hidden.get.sql", "ignored"},
      {".git/a.get.sql", "ignored"},
      {"..data/a.get.sql", "ignored"},
      {"a/.#b.get.sql", "ignored"},
      {"README.md", "ignored"},
      {"a.get.sql~", "ignored"},
      {"a.get.sql.swp", "ignored"},
      {"4913", "ignored"},
      {"migrations/README.md", "ignored"},
      // Refused.
      {"orders.fetch.sql", "? /orders !.fetch.sql: no such method"},
      {"orders.psot.sql", "? /orders !.psot.sql: no such method"},
      {"orders.GET.sql", "? /orders !.GET.sql: no such method"},
      {"orders.head.sql", "? /orders !.head.sql: no such method"},
      {"orders.get.SQL", "ignored !orders.get.SQL: upper-case letters in its ending"},
      {"Orders.get.sql", "GET / !Orders: upper-case letters in a route"},
      {"v1.2/orders.get.sql", "GET /orders !v1.2: a dot in a route"},
      {"a.b.get.sql", "GET / !a.b: a dot in a route"},
      {"a..get.sql", "GET / !a.: a dot in a route"},
      {"gr\xc3\xbc\xc3\x9f"
       "e.get.sql",
       "GET / !gr\xc3\xbc\xc3\x9f"
       "e: a character that a route cannot have"},
      {"a b.get.sql", "GET / !a b: a character that a route cannot have"},
      {"a%2fb.get.sql", "GET / !a%2fb: a character that a route cannot have"},
      {"[id.get.sql", "GET / ![id: a character that a route cannot have"},
      {"[].get.sql", "GET / ![]: a character that a route cannot have"},
      {"[1].get.sql", "GET / ![1]: no name of a parameter"},
      {"[a b].get.sql", "GET / ![a b]: no name of a parameter"},
      {"[...rest].get.sql", "GET / ![...rest]: a route takes no rest of a path"},
      {"x[id].get.sql", "GET / !x[id]: a character that a route cannot have"},
      {"[id]/[id].get.sql", "GET /{id} ![id] stands twice in the path"},
      {deep, "GET /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a !the path has more than 16 parts"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(Reading(c.path), c.reading);
  }
  const std::string lengthy = std::string(510, 'a') + ".get.sql";
  EXPECT_TRUE(Reading(lengthy).ends_with("!the path has more than 512 bytes"));
}

RouteOwner Owner(std::string path) {
  Problems problems;
  const FileName name = ParseFileName(path, problems);
  return {.route = {.method = name.method.value_or(Method::kGet), .segments = name.segments},
          .path = std::move(path)};
}

std::string Conflicts(const std::vector<std::string>& paths) {
  std::vector<RouteOwner> owners;
  for (const std::string& path : paths) owners.push_back(Owner(path));
  std::string out;
  for (const RouteProblem& problem : CheckRoutes(owners, {"health", "metrics"})) {
    out += problem.path + ": " + problem.problem.message + "\n";
  }
  return out;
}

TEST(Routes, ConflictsNameBothFiles) {
  EXPECT_EQ(Conflicts({"a.get.sql", "a.post.sql", "a/b.get.sql", "a/[id].get.sql", "a/[id].put.sql",
                       "[x]/b.get.sql", "a/[id]/b.get.sql"}),
            "")
      << "other methods, other paths, and names beside parameters";
  EXPECT_EQ(Conflicts({"a.get.sql", "a/index.get.sql"}),
            "a/index.get.sql: GET /a is also the route of a.get.sql\n"
            "a.get.sql: GET /a is also the route of a/index.get.sql\n");
  EXPECT_EQ(Conflicts({"a/[id].get.sql", "a/[name].get.sql"}),
            "a/[name].get.sql: /a/{name} and /a/{id} of a/[id].get.sql name their parameters differently\n"
            "a/[id].get.sql: /a/{id} and /a/{name} of a/[name].get.sql name their parameters differently\n");
  EXPECT_EQ(Conflicts({"a/[id].get.sql", "a/[id]/b.get.sql", "a/[order]/b.put.sql"}),
            "a/[order]/b.put.sql: /a/{order}/b and /a/{id}/b of a/[id]/b.get.sql name their parameters "
            "differently\n"
            "a/[id]/b.get.sql: /a/{id}/b and /a/{order}/b of a/[order]/b.put.sql name their parameters "
            "differently\n")
      << "under another method too";
  EXPECT_EQ(Conflicts({"a/[id].get.sql", "a/[ID].put.sql"}),
            "a/[ID].put.sql: /a/{ID} and /a/{id} of a/[id].get.sql differ only in upper and lower case\n"
            "a/[id].get.sql: /a/{id} and /a/{ID} of a/[ID].put.sql differ only in upper and lower case\n");
  EXPECT_EQ(Conflicts({"health.get.sql", "metrics/a.get.sql", "a/health.get.sql", "[health].get.sql"})
                .substr(0, 110),
            "health.get.sql: /health is the server's own\n"
            "metrics/a.get.sql: /metrics is the server's own\n"
            "[health].get.sql: ");
}

TEST(Routes, NamedQueriesDifferInMoreThanCase) {
  const Route list{.segments = {{.text = "users"}, {.text = "List"}}};
  const Route other{.segments = {{.text = "users"}, {.text = "list"}}};
  const auto problems =
      CheckRoutes({{.route = list, .path = "users.sql"}, {.route = other, .path = "users/list.get.sql"}}, {});
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].problem.message,
            "/users/list and /users/List of users.sql differ only in upper and lower case");
}

}  // namespace
}  // namespace tidemill::files
