// Cells: the values of a row, one after the other. The row outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sql/rows.h"

namespace tidemill::chat {

class Cells {
 public:
  explicit Cells(const sql::Row& row) : row_(row) {}

  std::int64_t Integer() { return row_[at_++].AsInteger().value_or(0); }
  bool Bool() { return Integer() != 0; }
  std::string_view View() { return row_[at_++].text; }
  std::string Text() { return std::string(View()); }
  WallTime Time() { return WallTime{Integer()}; }
  // 0: none.
  std::optional<WallTime> OptionalTime() {
    const std::int64_t ms = Integer();
    return ms == 0 ? std::nullopt : std::optional(WallTime{ms});
  }
  template <class Enum>
  Enum Value() {
    return static_cast<Enum>(Integer());
  }
  bool NextIsNull() const { return row_[at_].is_null(); }
  void Skip(std::size_t count) { at_ += count; }

 private:
  const sql::Row row_;
  std::size_t at_ = 0;
};

}  // namespace tidemill::chat
