#include "queries/cache/key.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <charconv>
#include <utility>
#include <variant>

#include "base/hex.h"
#include "base/json.h"
#include "base/sip_hash.h"

namespace tidemill::queries {
namespace {

// Of another form whenever the encoding changes: nodes of two versions share a Redis during an upgrade.
constexpr std::string_view kForm = "1";

// Each part with its length, so that no two lists of parts give the same bytes.
void AppendPart(std::string& out, std::string_view part) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), part.size()).ptr;
  out.append(digits.data(), end);
  out += ':';
  out += part;
}

template <class Integer>
void AppendNumber(std::string& out, Integer number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  AppendPart(out, {digits.data(), end});
}

struct ParameterWriter {
  std::string& out;

  void operator()(sql::Null) const { out += 'n'; }
  void operator()(bool value) const { out += value ? 't' : 'f'; }
  void operator()(std::int64_t value) const {
    out += 'i';
    AppendNumber(out, value);
  }
  void operator()(double value) const {
    out += 'd';
    AppendNumber(out, std::bit_cast<std::uint64_t>(value));
  }
  void operator()(const std::string& value) const {
    out += 's';
    AppendPart(out, value);
  }
  void operator()(const sql::Bytes& value) const {
    out += 'b';
    AppendPart(out, value.value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    out += 'I';
    AppendNumber(out, values.size());
    for (const std::int64_t value : values) AppendNumber(out, value);
  }
  void operator()(const std::vector<std::string>& values) const {
    out += 'S';
    AppendNumber(out, values.size());
    for (const std::string& value : values) AppendPart(out, value);
  }
};

// The claims of the scope, as the token writes them: two spellings of a value only share less.
bool AppendScope(std::string& out, const CacheKeyParts& parts) {
  AppendNumber(out, parts.scope.size());
  if (parts.scope.empty()) return true;
  std::vector<std::string_view> values(parts.scope.size());
  JsonReader json(parts.claims);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    for (std::size_t i = 0; i < parts.scope.size(); ++i) {
      if (*key != parts.scope[i]) continue;
      if (!values[i].empty()) return false;
      values[i] = json.ReadRaw();
      break;
    }
  }
  if (!json.Finish()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty() || values[i] == "null") return false;
    AppendPart(out, parts.scope[i]);
    AppendPart(out, values[i]);
  }
  return true;
}

const SipKey& ProcessKey() {
  static const SipKey key = SipKey::Random();
  return key;
}

}  // namespace

CacheKey::CacheKey(std::string bytes) : bytes_(std::move(bytes)), hash_(SipHash(ProcessKey(), bytes_)) {}

std::string CacheKey::Digest() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(bytes_.data(), bytes_.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return HexEncode({reinterpret_cast<const char*>(digest.data()), length});
}

std::optional<CacheKey> MakeCacheKey(const CacheKeyParts& parts) {
  std::string bytes;
  bytes.reserve(256);
  bytes += kForm;
  for (const std::string_view part :
       {parts.endpoint, parts.endpoint_version, parts.format, parts.variant, parts.role}) {
    AppendPart(bytes, part);
  }
  if (!AppendScope(bytes, parts)) return std::nullopt;
  AppendNumber(bytes, parts.parameters.size());
  for (const sql::Parameter& parameter : parts.parameters) std::visit(ParameterWriter{bytes}, parameter);
  return CacheKey(std::move(bytes));
}

}  // namespace tidemill::queries
