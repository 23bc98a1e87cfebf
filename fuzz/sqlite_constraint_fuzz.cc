// links: sqlite
//
// Any bytes as a message of SQLite about a constraint, and as the text of a statement: the names found are
// parts of the message, and a position lies in the text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "sqlite/failures.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sqlite::ConstraintNames names = sqlite::ParseConstraint(text);
  TM_ASSERT(text.contains(names.constraint));
  TM_ASSERT(text.contains(names.table));
  TM_ASSERT(names.column.size() <= text.size() * 2);
  TM_ASSERT(names.column.empty() || names.constraint.empty());
  const int offset = size < 2 ? -1 : data[0] * 256 + data[1] - 3;
  TM_ASSERT(sqlite::PositionOf(text, offset) <= text.size() + 1);
  return 0;
}
