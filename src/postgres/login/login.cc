#include "postgres/login/login.h"

#include <openssl/evp.h>

#include <utility>

#include "base/assert.h"
#include "base/hex.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

// AuthenticationXxx, by its number.
constexpr std::uint32_t kOk = 0;
constexpr std::uint32_t kCleartextPassword = 3;
constexpr std::uint32_t kMd5Password = 5;
constexpr std::uint32_t kSasl = 10;
constexpr std::uint32_t kSaslContinue = 11;
constexpr std::uint32_t kSaslFinal = 12;

constexpr std::size_t kMd5SaltBytes = 4;
constexpr std::string_view kScram = "SCRAM-SHA-256";
constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";

std::unexpected<sql::Failure> Refuse(std::string why) {
  return sql::Fail(sql::FailureKind::kUnauthenticated, std::move(why));
}

// PasswordMessage, SASLInitialResponse and SASLResponse have one type.
Login::Send Answer(std::string_view body) {
  std::string message = "p";
  AppendUint32(message, static_cast<std::uint32_t>(body.size() + 4));
  message += body;
  return {std::move(message)};
}

std::string Md5Hex(std::string_view first, std::string_view second) {
  const std::string text = std::string(first) + std::string(second);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) != 1) return "";
  return HexEncode({reinterpret_cast<const char*>(digest), size});
}

std::string_view NameOf(std::uint32_t method) {
  switch (method) {
    case 2: return "Kerberos V5";
    case 6: return "SCM credentials";
    case 7: return "GSSAPI";
    case 9: return "SSPI";
    default: return "a method that is unknown here";
  }
}

}  // namespace

sql::Result<Login::Step> Login::OnMessage(std::string_view body) {
  BodyReader reader(body);
  const std::uint32_t method = reader.Uint32();
  if (reader.broken()) return Refuse("the server's Authentication message is too short");
  const std::string_view rest = reader.Bytes(reader.left());
  switch (method) {
    case kOk: return OnOk();
    case kCleartextPassword: return OnPassword();
    case kMd5Password: return OnMd5(rest);
    case kSasl: return OnSasl(rest);
    case kSaslContinue: return OnSaslContinue(rest);
    case kSaslFinal: return OnSaslFinal(rest);
    default: break;
  }
  return Refuse(
      "the server wants " + std::string(NameOf(method)) +
      ", which is not supported; pg_hba.conf of the server says what it wants, and scram-sha-256 is "
      "the best of it");
}

sql::Result<void> Login::CheckMethod(bool allowed, std::string_view name) const {
  if (state_ != State::kStart) return Refuse("the server began a second authentication");
  if (options_.channel_binding == ChannelBinding::kRequire) {
    return Refuse("the server wants " + std::string(name) +
                  ", and channel_binding=require needs SCRAM-SHA-256-PLUS");
  }
  return CheckAllowed(allowed, name);
}

sql::Result<void> Login::CheckAllowed(bool allowed, std::string_view name) const {
  if (!allowed)
    return Refuse("the server wants " + std::string(name) + ", which require_auth does not allow");
  if (!options_.password.empty()) return {};
  std::string why = "the server wants a password, and none is given";
  if (!options_.why_no_password.empty()) why += ": " + options_.why_no_password;
  return Refuse(std::move(why));
}

sql::Result<Login::Step> Login::OnOk() const {
  switch (state_) {
    case State::kAnswered:
    case State::kVerified: return Done{};
    case State::kStart: break;
    default: return Refuse("the server broke off SCRAM and did not prove that it knows the password");
  }
  if (options_.channel_binding == ChannelBinding::kRequire) {
    return Refuse("the server asked for nothing, and channel_binding=require needs SCRAM-SHA-256-PLUS");
  }
  if (!options_.methods.none)
    return Refuse("the server asked for nothing, which require_auth does not allow");
  return Done{};
}

sql::Result<Login::Step> Login::OnPassword() {
  TM_TRY(CheckMethod(options_.methods.password, "the password in clear text"));
  if (options_.transport == Transport::kPlain && !options_.methods.clear_password_without_tls) {
    return Refuse(
        "the server wants the password in clear text on a connection without TLS; use sslmode=require, or "
        "scram-sha-256 in its pg_hba.conf, or allow it with require_auth=password");
  }
  std::string body;
  AppendString(body, options_.password);
  state_ = State::kAnswered;
  return Answer(body);
}

sql::Result<Login::Step> Login::OnMd5(std::string_view salt) {
  TM_TRY(CheckMethod(options_.methods.md5, "MD5"));
  if (salt.size() != kMd5SaltBytes) return Refuse("the server's MD5 salt is not of 4 bytes");
  const std::string inner = Md5Hex(options_.password, options_.user);
  const std::string outer = Md5Hex(inner, salt);
  if (inner.empty() || outer.empty())
    return Refuse("the server wants MD5, which this machine's OpenSSL has not");
  std::string body;
  AppendString(body, "md5" + outer);
  state_ = State::kAnswered;
  return Answer(body);
}

sql::Result<Login::Step> Login::OnSasl(std::string_view mechanisms) {
  if (state_ != State::kStart) return Refuse("the server began a second authentication");
  Offer offer;
  BodyReader reader(mechanisms);
  for (std::string_view name = reader.String(); !name.empty(); name = reader.String()) {
    offer.scram = offer.scram || name == kScram;
    offer.plus = offer.plus || name == kScramPlus;
  }
  if (reader.broken() || reader.left() != 0) return Refuse("the server's list of SASL mechanisms has no end");
  TM_TRY(CheckOffer(offer));
  TM_TRY(CheckAllowed(options_.methods.scram, kScram));
  ScramBinding binding;
  if (options_.channel_binding != ChannelBinding::kDisable && !options_.end_point.empty()) {
    binding.kind = offer.plus ? ScramBinding::Kind::kEndPoint : ScramBinding::Kind::kUnoffered;
    binding.end_point = options_.end_point;
  }
  const bool bound = binding.kind == ScramBinding::Kind::kEndPoint;
  if (!bound && !offer.scram) return Refuse("the server offers nothing but SCRAM-SHA-256-PLUS");
  scram_.emplace(std::move(binding), options_.password, NewScramNonce());
  const std::string first = scram_->First();
  std::string body;
  AppendString(body, bound ? kScramPlus : kScram);
  AppendUint32(body, static_cast<std::uint32_t>(first.size()));
  body += first;
  state_ = State::kFirstSent;
  return Answer(body);
}

sql::Result<void> Login::CheckOffer(const Offer& offer) const {
  const bool has_tls = options_.transport == Transport::kTls;
  if (offer.plus && !has_tls) {
    return Refuse("the server offers SCRAM-SHA-256-PLUS on a connection without TLS");
  }
  if (!offer.scram && !offer.plus) return Refuse("the server offers no SASL mechanism that is supported");
  if (options_.channel_binding != ChannelBinding::kRequire) return {};
  if (!has_tls) return Refuse("channel_binding=require needs TLS, and this connection has none");
  if (!offer.plus) {
    return Refuse("the server does not offer SCRAM-SHA-256-PLUS, which channel_binding=require needs");
  }
  if (options_.end_point.empty()) {
    return Refuse("the server's certificate has no digest that channel_binding=require could use");
  }
  return {};
}

sql::Result<Login::Step> Login::OnSaslContinue(std::string_view text) {
  if (state_ != State::kFirstSent) return Refuse("the server sent SASL data out of turn");
  auto challenge = scram_->Challenge(text);
  if (!challenge) return Refuse(std::move(challenge.error().detail));
  state_ = State::kDeriving;
  return Derive{*std::move(challenge)};
}

Login::Send Login::OnKeys(const ScramKeys& keys) {
  TM_ASSERT(state_ == State::kDeriving);
  state_ = State::kFinalSent;
  return Answer(scram_->Final(keys));
}

sql::Result<Login::Step> Login::OnSaslFinal(std::string_view text) {
  if (state_ != State::kFinalSent) return Refuse("the server sent SASL data out of turn");
  if (auto verified = scram_->Verify(text); !verified) return Refuse(std::move(verified.error().detail));
  state_ = State::kVerified;
  return Wait{};
}

}  // namespace tidemill::postgres
