#include "auth/claims.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/base64.h"
#include "base/json.h"

namespace tidemill::auth {
namespace {

using Kind = JsonReader::Kind;

std::int64_t ToSeconds(double seconds) {
  constexpr auto kMax = static_cast<double>(kSecondsMax);
  return static_cast<std::int64_t>(std::clamp(seconds, -kMax, kMax));
}

// A value in one of two forms: any JSON, or base64 of any bytes, which takes precedence.
struct Bytes {
  std::string json;
  std::string decoded;
  std::string Take() { return decoded.empty() ? std::move(json) : std::move(decoded); }
};

class Parser {
 public:
  Parser(std::string_view payload, TokenKind kind, std::string_view user_claim)
      : json_(payload), kind_(kind), user_claim_(user_claim.empty() ? "sub" : user_claim) {}

  Result<Claims> Run();
  static bool IsClaim(std::string_view name);

 private:
  struct Row {
    std::string_view name;
    bool in_connect, in_subscribe;
    void (Parser::*read)();
  };
  static const std::array<Row, 18> kRows;

  void ReadMember(std::string_view key);
  void ReadUser();
  void ReadExp() { claims_.exp = ToSeconds(std::floor(json_.ReadDouble())); }
  void ReadNbf() { claims_.nbf = ToSeconds(std::ceil(json_.ReadDouble())); }
  void ReadIat() { claims_.mark.issued_at = ToSeconds(std::floor(json_.ReadDouble())); }
  void ReadId();
  void ReadExpireAt() { claims_.expire_at = ToSeconds(std::floor(json_.ReadDouble())); }
  void ReadAudience();
  void ReadIssuer() { claims_.issuer = json_.ReadString(); }
  void ReadChannel() { claims_.channel = json_.ReadString(); }
  void ReadClient() { claims_.client = json_.ReadString(); }
  void ReadInfo() { info_.json = json_.ReadRaw(); }
  void ReadInfoBytes() { info_.decoded = ReadBase64(); }
  void ReadData() { data_.json = json_.ReadRaw(); }
  void ReadDataBytes() { data_.decoded = ReadBase64(); }
  void ReadMeta() { claims_.meta = json_.ReadRaw(); }
  void ReadOverride() { claims_.overrides = ReadOptionOverrides(json_); }
  void ReadTagsFilter() { claims_.tags_filter = json_.ReadRaw(); }
  void ReadChannels() { claims_.channels = ReadStrings(); }
  void ReadSubs();

  TokenSubscription ReadSubscription();
  std::vector<std::string> ReadStrings();
  std::string ReadBase64();

  JsonReader json_;
  const TokenKind kind_;
  const std::string_view user_claim_;
  Claims claims_;
  Bytes info_;
  Bytes data_;
  bool user_seen_ = false;
  std::uint32_t seen_ = 0;  // bit i: kRows[i] was read
};

const std::array<Parser::Row, 18> Parser::kRows = {{
    {"exp", true, true, &Parser::ReadExp},
    {"nbf", true, true, &Parser::ReadNbf},
    {"iat", true, true, &Parser::ReadIat},
    {"jti", true, true, &Parser::ReadId},
    {"expire_at", true, true, &Parser::ReadExpireAt},
    {"aud", true, true, &Parser::ReadAudience},
    {"iss", true, true, &Parser::ReadIssuer},
    {"channel", true, true, &Parser::ReadChannel},
    {"info", true, true, &Parser::ReadInfo},
    {"b64info", true, true, &Parser::ReadInfoBytes},
    {"meta", true, false, &Parser::ReadMeta},
    {"channels", true, false, &Parser::ReadChannels},
    {"subs", true, false, &Parser::ReadSubs},
    {"client", false, true, &Parser::ReadClient},
    {"data", false, true, &Parser::ReadData},
    {"b64data", false, true, &Parser::ReadDataBytes},
    {"override", false, true, &Parser::ReadOverride},
    {"server_tags_filter", false, true, &Parser::ReadTagsFilter},
}};

bool Parser::IsClaim(std::string_view name) {
  return std::ranges::find(kRows, name, &Row::name) != kRows.end();
}

Result<Claims> Parser::Run() {
  json_.EnterObject();
  while (const auto key = json_.NextKey()) ReadMember(*key);
  if (Result<void> finished = json_.Finish(); !finished) {
    return Fail(Errc::kUnauthenticated, "token payload: " + finished.error().detail);
  }
  claims_.info = info_.Take();
  claims_.data = data_.Take();
  return std::move(claims_);
}

void Parser::ReadMember(std::string_view key) {
  if (key == user_claim_) {
    if (std::exchange(user_seen_, true)) return json_.Fail("the user's claim is there twice");
    if (!json_.SkipNull()) ReadUser();
    return;
  }
  const auto row = std::ranges::find(kRows, key, &Row::name);
  if (row == kRows.end() || !(kind_ == TokenKind::kConnect ? row->in_connect : row->in_subscribe)) return;
  const std::uint32_t bit = 1u << (row - kRows.begin());
  if ((seen_ & bit) != 0) return json_.Fail("a claim is there twice");
  seen_ |= bit;
  if (!json_.SkipNull()) (this->*row->read)();
}

void Parser::ReadUser() {
  if (user_claim_ == "sub" || json_.Peek() == Kind::kString) {
    claims_.user = json_.ReadString();
  } else {
    claims_.user = std::to_string(json_.ReadInteger<std::int64_t>());
  }
}

// RFC 7519 section 4.1.7 wants a string; issuers that number their tokens are served too.
void Parser::ReadId() {
  if (json_.Peek() == Kind::kString) {
    claims_.mark.id = json_.ReadString();
  } else {
    claims_.mark.id = json_.ReadRaw();
  }
}

void Parser::ReadAudience() {
  if (json_.Peek() == Kind::kString) {
    claims_.audience.push_back(json_.ReadString());
  } else {
    claims_.audience = ReadStrings();
  }
}

void Parser::ReadSubs() {
  json_.EnterObject();
  while (const auto key = json_.NextKey()) {
    std::string channel(*key);
    TokenSubscription subscription = json_.SkipNull() ? TokenSubscription{} : ReadSubscription();
    if (!claims_.subs.emplace(std::move(channel), std::move(subscription)).second) {
      json_.Fail("a channel is in subs twice");
    }
  }
}

TokenSubscription Parser::ReadSubscription() {
  TokenSubscription subscription;
  Bytes info;
  Bytes data;
  json_.EnterObject();
  while (const auto key = json_.NextKey()) {
    if (json_.SkipNull()) continue;
    if (*key == "info")
      info.json = json_.ReadRaw();
    else if (*key == "b64info")
      info.decoded = ReadBase64();
    else if (*key == "data")
      data.json = json_.ReadRaw();
    else if (*key == "b64data")
      data.decoded = ReadBase64();
    else if (*key == "override")
      subscription.overrides = ReadOptionOverrides(json_);
    else if (*key == "server_tags_filter")
      subscription.tags_filter = json_.ReadRaw();
  }
  subscription.info = info.Take();
  subscription.data = data.Take();
  return subscription;
}

std::vector<std::string> Parser::ReadStrings() {
  std::vector<std::string> strings;
  json_.EnterArray();
  while (json_.NextElement()) strings.push_back(json_.ReadString());
  return strings;
}

std::string Parser::ReadBase64() {
  std::optional<std::string> bytes = Base64Decode(json_.ReadString(), Base64::kStandard);
  if (!bytes) json_.Fail("not base64");
  return std::move(bytes).value_or("");
}

}  // namespace

Result<Claims> ParseClaims(std::string_view payload, TokenKind kind, std::string_view user_claim) {
  return Parser(payload, kind, user_claim).Run();
}

bool IsReservedClaim(std::string_view name) { return Parser::IsClaim(name); }

}  // namespace tidemill::auth
