#include "auth/jws.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json.h"

namespace tidemill::auth {
namespace {

// Real headers have two to six members; the limit bounds the search for repeated ones.
constexpr std::size_t kHeaderMembersMax = 32;

std::unexpected<Error> Refuse(std::string detail) { return Fail(Errc::kUnauthenticated, std::move(detail)); }

Result<void> ParseHeader(std::string_view text, Jws& jws) {
  JsonReader json(text);
  bool has_algorithm = false;
  std::vector<std::string> seen;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (std::ranges::find(seen, *key) != seen.end()) json.Fail("a key is there twice");
    if (seen.size() == kHeaderMembersMax) json.Fail("too many members");
    seen.emplace_back(*key);
    if (*key == "alg") {
      jws.algorithm = AlgorithmNamed(json.ReadString());
      has_algorithm = true;
    } else if (*key == "kid") {
      jws.key_id = json.ReadString();
    } else if (*key == "crit") {
      json.Fail("crit names an extension we do not have");
    } else if (*key == "b64" && !json.ReadBool()) {
      json.Fail("b64 must be true");
    }
  }
  if (const Result<void> finished = json.Finish(); !finished) {
    return Refuse("token header: " + finished.error().detail);
  }
  if (!has_algorithm) return Refuse("token header has no alg");
  if (jws.key_id.size() > kKeyIdBytesMax) return Refuse("token header has a kid over 256 bytes");
  return {};
}

}  // namespace

Result<Jws> ParseJws(std::string_view token) {
  if (token.size() > kTokenBytesMax) return Refuse("token over 16 KiB");
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) return Refuse("token has not three parts");

  std::optional<std::string> header = Base64Decode(token.substr(0, first), Base64::kUrl);
  std::optional<std::string> payload = Base64Decode(token.substr(first + 1, last - first - 1), Base64::kUrl);
  std::optional<std::string> signature = Base64Decode(token.substr(last + 1), Base64::kUrl);
  if (!header || !payload || !signature) return Refuse("token is not base64url");

  Jws jws{.algorithm = std::nullopt,
          .key_id = "",
          .signing_input = token.substr(0, last),
          .payload = *std::move(payload),
          .signature = *std::move(signature)};
  TM_TRY(ParseHeader(*header, jws));
  return jws;
}

}  // namespace tidemill::auth
