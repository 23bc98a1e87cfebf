#include "sql/rows.h"

#include <charconv>

#include "base/assert.h"

namespace tidemill::sql {
namespace {

std::unexpected<Failure> NotA(std::string_view what, const Field& field) {
  if (field.is_null())
    return Fail(FailureKind::kInvalidValue, "null where " + std::string(what) + " is wanted");
  return Fail(FailureKind::kInvalidValue, "not " + std::string(what));
}

template <class T>
Result<T> Parse(std::string_view what, const Field& field) {
  T value{};
  const char* const end = field.text.data() + field.text.size();
  const auto [stop, error] = std::from_chars(field.text.data(), end, value);
  if (field.is_null() || error != std::errc{} || stop != end) return NotA(what, field);
  return value;
}

}  // namespace

Result<std::int64_t> Field::AsInteger() const { return Parse<std::int64_t>("an integer", *this); }

Result<double> Field::AsDouble() const { return Parse<double>("a number", *this); }

Result<bool> Field::AsBoolean() const {
  if (text == "t" || text == "1") return true;
  if (text == "f" || text == "0") return false;
  return NotA("a boolean", *this);
}

std::size_t Row::bytes() const {
  std::size_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.bytes;
  return sum;
}

const Columns& Rows::columns() const {
  static const Columns kNone;
  return columns_ ? *columns_ : kNone;
}

void Rows::Append(const Row& row) {
  TM_ASSERT(row.size() == width());
  if (width() == 0) ++empty_rows_;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Field field = row[i];
    slots_.push_back({.offset = static_cast<std::uint32_t>(bytes_.size()),
                      .bytes = static_cast<std::uint32_t>(field.text.size()),
                      .kind = field.kind});
    bytes_ += field.text;
  }
}

}  // namespace tidemill::sql
