#include "sql/json_value.h"

#include <algorithm>
#include <string>

#include "base/base64.h"
#include "base/hex.h"
#include "sql/nested_text.h"

namespace tidemill::sql {
namespace {

constexpr std::uint32_t kInt8Oid = 20;
constexpr std::uint32_t kBoxOid = 603;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether a text that a database gave for a number is one in JSON: "NaN" and "-Infinity" are not.
bool IsNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && IsDigit(text.front());
}

void AppendNumber(std::string_view text, JsonBuffer& out) { IsNumber(text) ? out.Raw(text) : out.Text(text); }

void AppendInteger(const Type& type, std::string_view text, const JsonOptions& options, JsonBuffer& out) {
  if (options.integers64 == Integers64::kNumber) return out.Raw(text);
  // SQLite has no narrower ones.
  type.oid == kInt8Oid || type.oid == 0 ? out.Quoted(text) : out.Raw(text);
}

void AppendJson(std::string_view json, const JsonOptions& options, JsonBuffer& out) {
  if (json.empty()) return out.Raw("null");
  if (!options.on_one_line || json.find_first_of("\r\n") == json.npos) return out.Raw(json);
  for (const char c : json) out.Byte(c == '\n' || c == '\r' ? ' ' : c);
}

// "+00" becomes "Z", "+02" "+02:00"; a " BC" stays behind it.
void AppendTimestamp(Kind kind, std::string_view text, JsonBuffer& out) {
  const std::size_t blank = text.find(' ');
  if (blank == text.npos || blank + 1 == text.size() || !IsDigit(text[blank + 1])) return out.Text(text);
  const std::size_t time_end = std::min(text.find_first_of("+- ", blank + 1), text.size());
  const std::size_t zone_end = std::min(text.find(' ', time_end), text.size());
  out.Byte('"');
  out.Raw(text.substr(0, blank));
  out.Byte('T');
  out.Raw(text.substr(blank + 1, time_end - blank - 1));
  if (kind == Kind::kTimestampTz) {
    const std::string_view zone = text.substr(time_end, zone_end - time_end);
    out.Raw(zone == "+00" ? "Z" : zone);
    if (zone != "+00" && zone.size() == 3) out.Raw(":00");
  }
  out.Raw(text.substr(zone_end));
  out.Byte('"');
}

// Inside an array or a composite bytes are in hex: "\x6869".
void AppendNestedBytes(std::string_view text, JsonBuffer& out) {
  if (text.starts_with("\\x")) {
    if (const auto bytes = HexDecode(text.substr(2)))
      return out.Quoted(Base64Encode(*bytes, Base64::kStandard));
  }
  out.Text(text);
}

bool AppendArray(const Type& element, std::string_view text, const JsonOptions& options, JsonBuffer& out);
bool AppendComposite(const Type& type, std::string_view text, const JsonOptions& options, JsonBuffer& out);

std::size_t TakeDigits(std::string_view& rest) {
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  rest.remove_prefix(digits);
  return digits;
}

// RFC 8259, section 6.
bool IsJsonNumber(std::string_view rest) {
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const bool zero = rest.starts_with('0');
  const std::size_t digits = TakeDigits(rest);
  if (digits == 0 || (zero && digits > 1)) return false;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (TakeDigits(rest) == 0) return false;
  }
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
    if (TakeDigits(rest) == 0) return false;
  }
  return rest.empty();
}

// What stands inside another value is looked at: only the database's word says that it is what its type says.
void AppendNested(const Type& type, std::string_view text, const JsonOptions& options, JsonBuffer& out) {
  bool fits = true;
  switch (type.kind) {
    case Kind::kInteger:
    case Kind::kFloat:
    case Kind::kNumeric: fits = IsJsonNumber(text); break;
    case Kind::kTimestamp:
    case Kind::kTimestampTz: fits = text.find_first_not_of("0123456789+-:. BC") == text.npos; break;
    case Kind::kBytes: return AppendNestedBytes(text, out);
    default: break;
  }
  if (!fits) return out.Text(text);
  AppendJsonValue(type, type.kind, text, options, out);
}

bool AppendArray(const Type& element, std::string_view text, const JsonOptions& options, JsonBuffer& out) {
  ArrayText array(text, element.oid == kBoxOid ? ';' : ',');
  bool comma_due = false;
  for (;;) {
    const ArrayText::Event event = array.Next();
    if (event == ArrayText::Event::kEnd) return true;
    if (event == ArrayText::Event::kMalformed) return false;
    if (comma_due && event != ArrayText::Event::kClose) out.Byte(',');
    switch (event) {
      case ArrayText::Event::kOpen: out.Byte('['); break;
      case ArrayText::Event::kClose: out.Byte(']'); break;
      case ArrayText::Event::kNull: out.Raw("null"); break;
      default: AppendNested(element, array.element(), options, out); break;
    }
    comma_due = event != ArrayText::Event::kOpen;
  }
}

bool AppendComposite(const Type& type, std::string_view text, const JsonOptions& options, JsonBuffer& out) {
  if (type.attributes.empty()) return false;
  RecordText record(text);
  out.Byte('{');
  for (const Attribute& attribute : type.attributes) {
    const RecordText::Event event = record.Next();
    if (event != RecordText::Event::kField && event != RecordText::Event::kNull) return false;
    if (&attribute != &type.attributes.front()) out.Byte(',');
    out.Text(attribute.name);
    out.Byte(':');
    if (event == RecordText::Event::kNull) {
      out.Raw("null");
    } else {
      AppendNested(*attribute.type, record.field(), options, out);
    }
  }
  out.Byte('}');
  return record.Next() == RecordText::Event::kEnd;
}

}  // namespace

void AppendJsonValue(const Type& type, Kind kind, std::string_view text, const JsonOptions& options,
                     JsonBuffer& out) {
  const std::size_t before = out.size();
  switch (kind) {
    case Kind::kNull: return out.Raw("null");
    case Kind::kBoolean: return out.Raw(text == "t" ? "true" : "false");
    case Kind::kInteger: return AppendInteger(type, text, options, out);
    case Kind::kFloat:
    case Kind::kNumeric: return AppendNumber(text, out);
    case Kind::kJson: return AppendJson(text, options, out);
    case Kind::kTimestamp:
    case Kind::kTimestampTz: return AppendTimestamp(kind, text, out);
    case Kind::kBytes: return out.Quoted(Base64Encode(text, Base64::kStandard));
    case Kind::kArray:
      if (type.element && AppendArray(*type.element, text, options, out)) return;
      break;
    case Kind::kComposite:
      if (AppendComposite(type, text, options, out)) return;
      break;
    default: break;
  }
  out.CutTo(before);
  out.Text(text);
}

}  // namespace tidemill::sql
