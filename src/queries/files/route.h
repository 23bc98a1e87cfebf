// FileName, Route: what the name of a file says, and which routes exclude each other.
//
//   orders/by_customer.get.sql  GET /orders/by_customer     orders/index.get.sql  GET /orders
//   orders/[id].put.sql         PUT /orders/{id}            orders.sql            named queries below /orders
//   orders/[id].test.sql        a test                      migrations/0001_orders.sql  a migration
//
// Names are lower-case: a-z, 0-9, _ and -. Values and functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/problem.h"

namespace tidemill::files {

enum class Method : std::uint8_t { kGet, kPost, kPut, kPatch, kDelete };
std::string_view Name(Method method);  // "GET"

struct Segment {
  std::string text;
  bool parameter = false;  // "{text}"
  friend auto operator<=>(const Segment&, const Segment&) = default;
};

struct Route {
  Method method = Method::kGet;
  std::vector<Segment> segments;
  friend auto operator<=>(const Route&, const Route&) = default;

  std::string Path() const;      // "/orders/{id}"
  std::string ToString() const;  // "GET /orders/{id}"
  bool HasParameter(std::string_view name) const;
};

enum class FileKind : std::uint8_t {
  kQuery,      // one query, or several with names
  kMigration,  // migrations/*.sql
  kTest,       // *.test.sql
  kIgnored,    // hidden, or not .sql
};

struct FileName {
  FileKind kind = FileKind::kIgnored;
  std::optional<Method> method;   // of a query; nullopt: its queries have names
  std::vector<Segment> segments;  // of a query
};

struct RouteLimits {
  static constexpr std::size_t kPathBytes = 512;
  static constexpr std::size_t kSegments = 16;
};

// `path` is below the folder, with / between its parts. Its problems are of the file as a whole.
FileName ParseFileName(std::string_view path, Problems& problems);

// A query's name as a part of a path: a letter or _, then letters, digits, _ and -.
bool IsQueryName(std::string_view name);

struct RouteOwner {
  Route route;
  std::string path;  // of its file
};

// Two files with one route, or with routes that differ only in the names of parameters (under other methods
// too: OpenAPI has one such path), or only in upper and lower case. And routes whose first segment is one of
// `reserved`. Each problem stands with the file that has it; `routes` is in the order of files.
struct RouteProblem {
  std::string path;
  Problem problem;
};
std::vector<RouteProblem> CheckRoutes(const std::vector<RouteOwner>& routes,
                                      const std::vector<std::string>& reserved);

}  // namespace tidemill::files
