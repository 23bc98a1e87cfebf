#include "postgres/protocol/frontend.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <variant>

#include "base/assert.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

// Writes the type and a place for the length; the length when it ends.
class Frame {
 public:
  Frame(std::string& out, char type) : out_(out) {
    at_ = out_.size() + 1;
    const char head[] = {type, 0, 0, 0, 0};
    out_.append(head, sizeof head);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { SetLength(out_, at_); }

  static void SetLength(std::string& out, std::size_t at) {
    const std::uint32_t length = __builtin_bswap32(static_cast<std::uint32_t>(out.size() - at));
    std::memcpy(out.data() + at, &length, sizeof length);
  }

 private:
  std::string& out_;
  std::size_t at_ = 0;
};

void AppendNumber(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void AppendDouble(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  }
}

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

struct AppendText {
  std::string& out;

  void operator()(sql::Null) const {}
  void operator()(bool value) const { out.push_back(value ? 't' : 'f'); }
  void operator()(std::int64_t value) const { AppendNumber(out, value); }
  void operator()(double value) const { AppendDouble(out, value); }
  void operator()(const std::string& value) const { out += value; }
  void operator()(const sql::Bytes& value) const { out += value.value; }
  void operator()(const std::vector<std::int64_t>& values) const {
    List(values, [this](std::int64_t value) { AppendNumber(out, value); });
  }
  void operator()(const std::vector<std::string>& values) const {
    List(values, [this](const std::string& value) { AppendQuoted(out, value); });
  }

  template <class T, class Append>
  void List(const std::vector<T>& values, Append append) const {
    out.push_back('{');
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out.push_back(',');
      append(values[i]);
    }
    out.push_back('}');
  }
};

struct SizeOfValue {
  std::size_t operator()(sql::Null) const { return 0; }
  std::size_t operator()(bool) const { return 1; }
  std::size_t operator()(std::int64_t) const { return 20; }
  std::size_t operator()(double) const { return 24; }
  std::size_t operator()(const std::string& value) const { return value.size(); }
  std::size_t operator()(const sql::Bytes& value) const { return value.value.size(); }
  std::size_t operator()(const std::vector<std::int64_t>& values) const { return 2 + 21 * values.size(); }
  std::size_t operator()(const std::vector<std::string>& values) const {
    std::size_t sum = 2;
    for (const std::string& value : values) sum += 3 + 2 * value.size();
    return sum;
  }
};

bool IsBinary(const sql::Parameter& parameter) { return std::holds_alternative<sql::Bytes>(parameter); }

// All text: no codes. All binary or a mixture: one code each.
template <class Values, class Binary>
void AppendFormats(std::string& out, const Values& values, Binary is_binary) {
  bool any = false;
  for (const auto& value : values) any = any || is_binary(value);
  if (!any) return AppendUint16(out, 0);
  AppendUint16(out, static_cast<std::uint16_t>(values.size()));
  for (const auto& value : values) AppendUint16(out, is_binary(value) ? 1 : 0);
}

}  // namespace

bool MayBeSent(std::string_view text) { return text.find('\0') == text.npos; }

void AppendParse(std::string& out, std::string_view statement, std::string_view text,
                 std::span<const std::uint32_t> parameter_oids) {
  TM_ASSERT(parameter_oids.size() <= kParametersMax && MayBeSent(text));
  const Frame frame(out, 'P');
  AppendString(out, statement);
  AppendString(out, text);
  AppendUint16(out, static_cast<std::uint16_t>(parameter_oids.size()));
  for (const std::uint32_t oid : parameter_oids) AppendUint32(out, oid);
}

void AppendBind(std::string& out, const Binding& binding) {
  TM_ASSERT(binding.parameters.size() <= kParametersMax);
  const Frame frame(out, 'B');
  AppendString(out, binding.portal);
  AppendString(out, binding.statement);
  AppendFormats(out, binding.parameters, IsBinary);
  AppendUint16(out, static_cast<std::uint16_t>(binding.parameters.size()));
  for (const sql::Parameter& parameter : binding.parameters) {
    if (std::holds_alternative<sql::Null>(parameter)) {
      AppendUint32(out, 0xffffffff);
      continue;
    }
    const std::size_t at = out.size();
    AppendUint32(out, 0);
    std::visit(AppendText{out}, parameter);
    const std::uint32_t bytes = __builtin_bswap32(static_cast<std::uint32_t>(out.size() - at - 4));
    std::memcpy(out.data() + at, &bytes, sizeof bytes);
  }
  AppendFormats(out, binding.result_formats, [](std::uint8_t format) { return format == 1; });
}

std::size_t SizeOf(const sql::Parameter& parameter) { return 6 + std::visit(SizeOfValue{}, parameter); }

void AppendDescribe(std::string& out, Target target, std::string_view name) {
  const Frame frame(out, 'D');
  out.push_back(static_cast<char>(target));
  AppendString(out, name);
}

void AppendClose(std::string& out, Target target, std::string_view name) {
  const Frame frame(out, 'C');
  out.push_back(static_cast<char>(target));
  AppendString(out, name);
}

void AppendExecute(std::string& out, std::string_view portal, std::uint32_t rows_max) {
  using namespace std::string_view_literals;
  if (portal.empty() && rows_max == 0) {  // as nearly always
    out += "E\0\0\0\x09\0\0\0\0\0"sv;
    return;
  }
  const Frame frame(out, 'E');
  AppendString(out, portal);
  AppendUint32(out, rows_max);
}

void AppendFlush(std::string& out) { const Frame frame(out, 'H'); }
void AppendSync(std::string& out) { const Frame frame(out, 'S'); }

void AppendQuery(std::string& out, std::string_view text) {
  TM_ASSERT(MayBeSent(text));
  const Frame frame(out, 'Q');
  AppendString(out, text);
}

void AppendCopyData(std::string& out, std::string_view data) {
  const Frame frame(out, 'd');
  out += data;
}

void AppendCopyDone(std::string& out) { const Frame frame(out, 'c'); }

void AppendCopyFail(std::string& out, std::string_view why) {
  const Frame frame(out, 'f');
  AppendString(out, why.substr(0, why.find('\0')));
}

void AppendTerminate(std::string& out) { const Frame frame(out, 'X'); }

void AppendCancelRequest(std::string& out, std::int32_t process_id, std::string_view secret) {
  AppendUint32(out, static_cast<std::uint32_t>(12 + secret.size()));
  AppendUint32(out, 80877102);  // 1234 and 5678, in 16 bits each
  AppendUint32(out, static_cast<std::uint32_t>(process_id));
  out += secret;
}

void AppendStandbyStatus(std::string& out, const StandbyStatus& status) {
  const Frame frame(out, 'd');
  out.push_back('r');
  AppendUint64(out, status.written);
  AppendUint64(out, status.flushed);
  AppendUint64(out, status.applied);
  AppendUint64(out, static_cast<std::uint64_t>(status.time_us));
  out.push_back(status.reply_wanted ? '\1' : '\0');
}

}  // namespace tidemill::postgres
