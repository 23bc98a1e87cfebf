// RowTaker: the rows of one statement on their way from the connection's buffer to whoever wants them, within
// the statement's limits.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/statements/prepared.h"
#include "sql/rows.h"

namespace tidemill::postgres {

struct RowLimits {
  std::uint64_t rows_max = 0;
  std::uint64_t bytes_max = 0;
};

class RowTaker {
 public:
  // `sink` null: they are kept. It must outlive this.
  RowTaker(sql::RowSink* sink, RowLimits limits) : sink_(sink), limits_(limits) {}

  // What the rows are, and how they were asked for.
  enum class Formats : std::uint8_t { kText, kBytesBinary };
  void Describe(std::shared_ptr<Described> described, Formats formats);
  // kInvalidArgument: it is not a row of that description.
  Result<void> Take(std::string_view body);
  // There are no more.
  void Finish();
  // A row was over a limit, of which this is the name; "": none was. Rows are dropped since then.
  const std::string& over() const { return over_; }
  void SetOver(std::string what) { over_ = std::move(what); }
  std::uint64_t dropped_bytes() const { return dropped_bytes_; }

  // From here on rows are put aside.
  void Hold() { is_held_ = true; }
  // Types must be looked up before the rows can be given: they are put aside meanwhile.
  bool waits_for_types() const { return waits_for_types_; }
  // Rows are put aside until Release.
  bool waits() const { return waits_for_types_ || is_held_; }
  const std::shared_ptr<Described>& described() const { return described_; }
  // Gives what was put aside; the types are known now.
  Result<void> Release();

  std::uint64_t count() const { return count_; }
  // Of all fields that were given, and of what is put aside.
  std::uint64_t held_bytes() const { return bytes_ + put_aside_.size(); }
  // Nothing has gone to the sink.
  bool is_untouched() const { return !told_; }
  sql::Rows TakeRows() { return std::move(rows_); }

 private:
  bool HasHex() const;
  void TellColumns();
  Result<void> Give(std::string_view body);
  std::string_view DecodeHex(std::string_view body);

  sql::RowSink* const sink_;
  const RowLimits limits_;
  std::shared_ptr<Described> described_;
  Formats formats_ = Formats::kText;
  bool has_hex_ = false;  // bytea that comes as text
  bool waits_for_types_ = false;
  bool is_held_ = false;
  bool told_ = false;
  std::string put_aside_;  // bodies, each behind its length
  Slots slots_;
  std::string scratch_;
  sql::Rows rows_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::string over_;
  std::uint64_t dropped_bytes_ = 0;
};

}  // namespace tidemill::postgres
