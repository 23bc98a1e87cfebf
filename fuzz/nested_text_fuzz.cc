// links: sql
// What a database might send as an array or a composite: no crash, and JSON whatever it is.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "sql/json_value.h"

namespace {

using tidemill::sql::Attribute;
using tidemill::sql::Kind;
using tidemill::sql::Type;

std::shared_ptr<const Type> ArrayOf(std::shared_ptr<const Type> element) {
  return std::make_shared<Type>(Type{.kind = Kind::kArray, .name = "", .element = std::move(element)});
}

// The first byte chooses what the rest is read as.
std::shared_ptr<const Type> TypeOf(std::uint8_t choice) {
  constexpr Kind kKinds[] = {Kind::kBoolean, Kind::kInteger, Kind::kFloat,     Kind::kNumeric,
                             Kind::kText,    Kind::kBytes,   Kind::kTimestamp, Kind::kTimestampTz};
  const auto simple = std::make_shared<Type>(Type{.kind = kKinds[choice % 8], .name = "", .oid = 20});
  const auto pair =
      std::make_shared<Type>(Type{.kind = Kind::kComposite,
                                  .name = "",
                                  .attributes = {Attribute{.name = "a", .type = simple},
                                                 Attribute{.name = "b", .type = ArrayOf(simple)}}});
  switch (choice / 8 % 4) {
    case 0: return ArrayOf(simple);
    case 1: return pair;
    case 2: return ArrayOf(pair);
    default:
      return std::make_shared<Type>(Type{.kind = Kind::kComposite,
                                         .name = "",
                                         .attributes = {Attribute{.name = "c", .type = ArrayOf(pair)}}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto type = TypeOf(data[0]);
  tidemill::sql::JsonBuffer out;
  tidemill::sql::AppendJsonValue(*type, type->kind, text, {}, out);
  const std::string json = out.Take();
  tidemill::JsonReader reader(json);
  reader.Skip();
  TM_ASSERT(reader.Finish().has_value());
  return 0;
}
