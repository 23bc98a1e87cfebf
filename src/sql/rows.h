// Rows, Row, Field: what a statement gave, read where it lies.
//
// A Row is a view: into Rows, or for a RowSink into the buffer it arrived in, and then only until the sink
// returns. Rows is a value that owns its bytes: one block, and a slot of 12 bytes for each field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/failure.h"
#include "sql/type.h"

namespace tidemill::sql {

struct Column {
  std::string name;
  std::shared_ptr<const Type> type;  // never null
  // Where it comes from, if it is a table's column: for nullability and documentation. Postgres only.
  std::uint32_t table_oid = 0;
  std::int16_t attribute = 0;
};

using Columns = std::vector<Column>;

// One value. `kind` is its own: kNull, else the column's type's; in SQLite each value has one.
struct Field {
  Kind kind = Kind::kNull;
  std::string_view text;  // type.h says how it is written; "" when null

  bool is_null() const { return kind == Kind::kNull; }
  // Each gives kInvalidValue when it is null, or is not such a value.
  Result<std::int64_t> AsInteger() const;
  Result<double> AsDouble() const;
  Result<bool> AsBoolean() const;  // "t", "f", and SQLite's 0 and 1
};

class Row {
 public:
  struct Slot {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
    Kind kind = Kind::kNull;
  };
  Row(const char* base, std::span<const Slot> slots) : base_(base), slots_(slots) {}

  std::size_t size() const { return slots_.size(); }
  Field operator[](std::size_t column) const {
    const Slot& slot = slots_[column];
    return {slot.kind, {base_ + slot.offset, slot.bytes}};
  }
  std::size_t bytes() const;  // of all fields

 private:
  const char* base_;
  std::span<const Slot> slots_;
};

class Rows {
 public:
  Rows() = default;
  explicit Rows(std::shared_ptr<const Columns> columns) : columns_(std::move(columns)) {}

  const Columns& columns() const;
  std::size_t size() const { return width() == 0 ? empty_rows_ : slots_.size() / width(); }
  bool empty() const { return size() == 0; }
  std::size_t bytes() const { return bytes_.size(); }
  Row operator[](std::size_t row) const {
    return {bytes_.data(), std::span(slots_).subspan(row * width(), width())};
  }
  // Copies it. Its width is that of the columns; all bytes together stay below 4 GiB.
  void Append(const Row& row);

 private:
  std::size_t width() const { return columns_ ? columns_->size() : 0; }

  std::shared_ptr<const Columns> columns_;
  std::string bytes_;
  std::vector<Row::Slot> slots_;
  std::size_t empty_rows_ = 0;  // rows without columns: SELECT FROM t
};

// Takes rows as they arrive, before the statement has ended: what was taken may yet be followed by a failure.
// Called on any thread, by one at a time. It must not block.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // Once, before the first row.
  virtual void OnColumns(std::shared_ptr<const Columns> columns) = 0;
  virtual void OnRow(const Row& row) = 0;
};

// What is left to say when the rows have gone to a sink.
struct Summary {
  std::uint64_t rows = 0;           // given
  std::uint64_t rows_affected = 0;  // inserted, updated or deleted
};

struct RunResult {
  Rows rows;
  std::uint64_t rows_affected = 0;
};

}  // namespace tidemill::sql
