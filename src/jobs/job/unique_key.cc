#include "jobs/job/unique_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/json.h"

namespace tidemill::job {
namespace {

// -0 is 0. What is written as an integer stays what it is, however large; other numbers are what a double
// makes of them, and 1.0 and 1e2 are integers again.
void AppendNumber(std::string_view text, std::string& out) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    out += text == "-0" ? "0" : text;
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr double kExactMax = 9007199254740992;  // 2^53
  if (error != std::errc{}) {
    out += text;  // no double holds it
  } else if (std::trunc(value) == value && std::abs(value) <= kExactMax) {
    AppendSigned(static_cast<std::int64_t>(value), out);
  } else {
    JsonWriter(out).Double(value);
  }
}

void AppendCanonical(JsonReader& json, std::string& out);

void AppendObject(JsonReader& json, std::string& out) {
  std::vector<std::pair<std::string, std::string>> members;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    auto& [name, value] = members.emplace_back(*key, std::string());
    AppendCanonical(json, value);
  }
  std::ranges::sort(members);
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    if (i > 0 && members[i].first == members[i - 1].first) return json.Fail("a member is there twice");
    AppendJsonString(members[i].first, out);
    out += ':';
    out += members[i].second;
  }
  out += '}';
}

void AppendCanonical(JsonReader& json, std::string& out) {
  switch (json.Peek()) {
    case JsonReader::Kind::kObject: return AppendObject(json, out);
    case JsonReader::Kind::kString: return AppendJsonString(json.ReadString(), out);
    case JsonReader::Kind::kNumber: return AppendNumber(json.ReadRaw(), out);
    case JsonReader::Kind::kArray: break;
    default: out += json.ReadRaw(); return;
  }
  out += '[';
  json.EnterArray();
  for (bool first = true; json.NextElement(); first = false) {
    if (!first) out += ',';
    AppendCanonical(json, out);
  }
  out += ']';
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  TM_ASSERT(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                       EVP_sha256(), nullptr) == 1);
  return digest;
}

Result<std::string> Canonical(std::string_view text) {
  std::string out;
  JsonReader json(text);
  AppendCanonical(json, out);
  TM_TRY(json.Finish());
  return out;
}

// Neither queues nor types have control characters, so the parts cannot run into one another.
Result<std::string> UniqueKeyOf(std::string_view queue, std::string_view type, std::string_view args) {
  std::string what(queue);
  what += '\n';
  what += type;
  what += '\n';
  TM_TRY_ASSIGN(const std::string canonical, Canonical(args));
  return Sha256(what + canonical);
}

std::string UniqueKeyOf(std::string_view queue, std::string_view key) {
  std::string what(queue);
  what += '\n';
  what += '\n';
  what += key;
  return Sha256(what);
}

}  // namespace tidemill::job
