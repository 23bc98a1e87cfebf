// ArrayText, RecordText: what is inside the texts of Postgres' arrays and composites, one element at a time.
//
// They read what array_out and record_out write (PostgreSQL documentation, sections 8.15.6 and 8.16.6), and
// say kMalformed for anything else. The text stays borrowed; an element until the next call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::sql {

// {1,NULL,"a \"b\""}, {{1,2},{3,4}}, [2:3]={1,2}: the bounds are skipped.
class ArrayText {
 public:
  enum class Event : std::uint8_t { kOpen, kClose, kElement, kNull, kEnd, kMalformed };
  static constexpr std::size_t kDimensionsMax = 6;  // Postgres' MAXDIM

  // `delimiter` stands between elements: ',' for all types of Postgres but box, which has ';'.
  explicit ArrayText(std::string_view text, char delimiter = ',');

  Event Next();
  std::string_view element() const { return element_; }

 private:
  bool SkipBounds();
  Event Value();
  Event Quoted();

  std::string_view rest_;
  char delimiter_;
  bool malformed_ = false;
  bool comma_due_ = false;  // behind a value
  bool after_comma_ = false;
  std::size_t depth_ = 0;
  bool ended_ = false;
  std::string_view element_;
  std::string unescaped_;
};

// (1,"a ""b""",): a field that is not there is null, one in quotes is not.
class RecordText {
 public:
  enum class Event : std::uint8_t { kField, kNull, kEnd, kMalformed };

  explicit RecordText(std::string_view text);

  Event Next();
  std::string_view field() const { return field_; }

 private:
  Event Quoted();
  Event Leave(Event event);

  std::string_view rest_;
  bool malformed_ = false;
  bool ended_ = false;
  std::string_view field_;
  std::string unescaped_;
};

}  // namespace tidemill::sql
