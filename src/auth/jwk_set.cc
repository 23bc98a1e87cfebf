#include "auth/jwk_set.h"

#include <optional>
#include <set>
#include <utility>

#include "auth/jws.h"
#include "base/base64.h"
#include "base/json.h"

namespace tidemill::auth {
namespace {

// The members of one JWK that are used.
struct Jwk {
  std::string kty, kid, use, alg, crv, n, e, x, y;
  bool has_alg = false;
  bool has_key_ops = false;
  bool may_verify = false;  // key_ops lists "verify"
  bool is_private = false;
  bool malformed = false;
};

class JwkReader {
 public:
  explicit JwkReader(JsonReader& json) : json_(json) {}

  Jwk Read() {
    json_.EnterObject();
    while (const auto key = json_.NextKey()) ReadMember(*key);
    return std::move(jwk_);
  }

 private:
  void ReadMember(std::string_view key) {
    if (key == "kty") ReadText(jwk_.kty);
    if (key == "kid") ReadText(jwk_.kid);
    if (key == "use") ReadText(jwk_.use);
    if (key == "crv") ReadText(jwk_.crv);
    if (key == "n") ReadBytes(jwk_.n);
    if (key == "e") ReadBytes(jwk_.e);
    if (key == "x") ReadBytes(jwk_.x);
    if (key == "y") ReadBytes(jwk_.y);
    if (key == "d" || key == "k") jwk_.is_private = true;
    if (key == "alg") {
      jwk_.has_alg = true;
      ReadText(jwk_.alg);
    }
    if (key == "key_ops") ReadOperations();
  }

  // A member that is duplicate or of the wrong type makes its key unusable, not the set.
  void ReadText(std::string& out) {
    if (json_.Peek() != JsonReader::Kind::kString || !out.empty()) {
      jwk_.malformed = true;
      return;
    }
    out = json_.ReadString();
  }

  void ReadBytes(std::string& out) {
    std::string text;
    ReadText(text);
    std::optional<std::string> bytes = Base64Decode(text, Base64::kUrl);
    if (!bytes || bytes->empty() || !out.empty()) jwk_.malformed = true;
    out = std::move(bytes).value_or("");
  }

  void ReadOperations() {
    if (json_.Peek() != JsonReader::Kind::kArray || jwk_.has_key_ops) {
      jwk_.malformed = true;
      return;
    }
    jwk_.has_key_ops = true;
    json_.EnterArray();
    while (json_.NextElement()) {
      if (json_.Peek() == JsonReader::Kind::kString && json_.ReadString() == "verify") jwk_.may_verify = true;
    }
  }

  JsonReader& json_;
  Jwk jwk_;
};

Result<PublicKeyPtr> ToKey(const Jwk& jwk) {
  const auto refuse = [](const char* detail) { return Fail(Errc::kInvalidArgument, detail); };
  if (jwk.malformed) return refuse("a member is malformed");
  if (jwk.is_private) return refuse("a public set must not hold private parts");
  if (jwk.kid.empty() || jwk.kid.size() > kKeyIdBytesMax) return refuse("no kid, or over 256 bytes");
  if (!jwk.use.empty() && jwk.use != "sig") return refuse("not for signatures");
  if (jwk.has_key_ops && !jwk.may_verify) return refuse("not for verifying");
  std::optional<Algorithm> only;
  if (jwk.has_alg) {
    only = AlgorithmNamed(jwk.alg);
    if (!only) return refuse("for an algorithm we do not have");
  }
  if (jwk.kty == "RSA") return MakeRsaKey(jwk.n, jwk.e, only);
  if (jwk.kty == "EC") return MakeEcdsaKey(jwk.crv, jwk.x, jwk.y, only);
  if (jwk.kty == "OKP" && jwk.crv == "Ed25519") return MakeEd25519Key(jwk.x, only);
  return refuse("of a type we do not have");
}

}  // namespace

Result<KeySet> ParseKeySet(std::string_view text, std::size_t keys_max) {
  KeySet set;
  std::set<std::string> twice;
  bool has_keys = false;
  std::size_t count = 0;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "keys") continue;
    if (std::exchange(has_keys, true)) json.Fail("keys is there twice");
    json.EnterArray();
    while (json.NextElement()) {
      if (++count > keys_max) json.Fail("over " + std::to_string(keys_max) + " keys");
      const Jwk jwk = JwkReader(json).Read();
      if (!json.ok()) break;
      Result<PublicKeyPtr> made = ToKey(jwk);
      if (!made) {
        ++set.skipped;
      } else if (!set.keys.emplace(jwk.kid, *std::move(made)).second) {
        twice.insert(jwk.kid);
      }
    }
  }
  if (const Result<void> finished = json.Finish(); !finished) {
    return Fail(Errc::kInvalidArgument, "key set: " + finished.error().detail);
  }
  if (!has_keys) return Fail(Errc::kInvalidArgument, "key set: no keys");
  for (const std::string& kid : twice) {
    set.keys.erase(kid);
    set.skipped += 2;
  }
  return set;
}

}  // namespace tidemill::auth
