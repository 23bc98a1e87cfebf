// BoundColumns: which columns of which table a statement binds to parameters, so that rows with other values
// there change nothing of its result.
//
// That holds for "o.customer = $1" where it stands for itself among what "where" joins by "and", and for a
// table that the statement names once: whatever is joined, counted or ordered, is made of the rows that are
// left. What is in doubt is not found. PostgreSQL's grammar; a function; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries {

struct BoundColumn {
  std::string table;  // as it is written: "orders", "public.orders"
  std::string column;
  std::size_t number = 0;  // of the parameter: 1 is $1
  friend bool operator==(const BoundColumn&, const BoundColumn&) = default;
};

enum class BoundIn : unsigned char {
  kOneTable,  // the statement has one table and no other select
  kAny,       // of several tables: its author has said that it is so
};

// In their order, at least one. The error says why there is none.
std::expected<std::vector<BoundColumn>, std::string> FindBoundColumns(std::string_view statement, BoundIn in);

}  // namespace tidemill::queries
