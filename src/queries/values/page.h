// PageRequest, SortKey: which rows of an endpoint a request asks for, and in which order.
//
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "queries/files/query.h"
#include "queries/values/refusal.h"
#include "sql/parameter.h"

namespace tidemill::queries {

struct PageRequest {
  std::uint64_t limit = 0;   // rows; at most the endpoint's max, and 0 is none
  std::uint64_t offset = 0;  // of limit and offset
  sql::Parameters
      after;  // of a keyset: the columns of the last row before the page; empty: from the beginning

  friend bool operator==(const PageRequest&, const PageRequest&) = default;
};

enum class Nulls : std::uint8_t { kDefault, kFirst, kLast };

struct SortKey {
  std::size_t column = 0;  // an index into files::Query::sort
  bool descending = false;
  Nulls nulls = Nulls::kDefault;

  friend bool operator==(const SortKey&, const SortKey&) = default;
};

// More keys than these are refused.
inline constexpr std::size_t kSortKeysMax = 8;

// "created_at.desc,id", "name.asc.nullslast". Adds to `refusal` what is not in `allowed`, or stands there
// twice.
std::vector<SortKey> ReadSort(std::string_view text, const std::vector<std::string>& allowed,
                              Refusal& refusal);

// The items of a Range header, "0-24", "25-", also with "items=" before it: RFC 9110 section 14.2 with the
// unit "items".
struct ItemRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;  // included
  friend bool operator==(const ItemRange&, const ItemRange&) = default;
};
// nullopt: there is none, or it is of another unit (bytes), which is passed over as the RFC has it. One whose
// end is before its beginning is refused (kRange).
std::optional<ItemRange> ReadRange(const http::Request& request, Refusal& refusal);

}  // namespace tidemill::queries
