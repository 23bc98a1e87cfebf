#include "postgres/login/login.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

using namespace std::string_literals;

std::string Method(std::uint32_t number, std::string_view rest = "") {
  std::string body;
  AppendUint32(body, number);
  return body + std::string(rest);
}
const std::string kOk = Method(0);
const std::string kPassword = Method(3);
const std::string kMd5 = Method(5, "salt");
const std::string kScram = Method(10, "SCRAM-SHA-256\0\0"s);
const std::string kBoth = Method(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"s);
const std::string kPlus = Method(10, "SCRAM-SHA-256-PLUS\0\0"s);

LoginOptions Options() {
  return {.user = "u", .password = "p", .transport = Transport::kTls, .end_point = "digest"};
}

std::string Why(const sql::Result<Login::Step>& step) {
  if (step) return "";
  EXPECT_EQ(step.error().kind, sql::FailureKind::kUnauthenticated);
  return step.error().message;
}

std::string Sent(const sql::Result<Login::Step>& step) {
  EXPECT_TRUE(step) << step.error().message;
  return step && std::holds_alternative<Login::Send>(*step) ? std::get<Login::Send>(*step).message : "";
}

TEST(Login, AnswersAndRefuses) {
  struct Case {
    const char* name;
    LoginOptions options;
    std::string message;
    const char* refusal;  // nullptr: none
  };
  LoginOptions plain = Options();
  plain.transport = Transport::kPlain;
  plain.end_point = "";
  LoginOptions unix = plain;
  unix.transport = Transport::kUnix;
  LoginOptions allowed = plain;
  allowed.methods.clear_password_without_tls = true;
  LoginOptions no_password = Options();
  no_password.password = "";
  no_password.why_no_password = "the file is bad";
  LoginOptions only_scram = Options();
  only_scram.methods = {.none = false, .password = false, .md5 = false};
  LoginOptions no_scram = Options();
  no_scram.methods.scram = false;
  LoginOptions bound = Options();
  bound.channel_binding = ChannelBinding::kRequire;
  LoginOptions bound_plain = plain;
  bound_plain.channel_binding = ChannelBinding::kRequire;
  LoginOptions no_digest = bound;
  no_digest.end_point = "";
  LoginOptions unbound = Options();
  unbound.channel_binding = ChannelBinding::kDisable;
  const Case cases[] = {
      {"trust", Options(), kOk, nullptr},
      {"trust, not allowed", only_scram, kOk, "asked for nothing, which require_auth"},
      {"trust, bound", bound, kOk, "asked for nothing, and channel_binding"},
      {"password over TLS", Options(), kPassword, nullptr},
      {"password over a Unix socket", unix, kPassword, nullptr},
      {"password in the clear", plain, kPassword, "clear text on a connection without TLS"},
      {"password in the clear, allowed", allowed, kPassword, nullptr},
      {"password, not allowed", only_scram, kPassword, "clear text, which require_auth"},
      {"password, bound", bound, kPassword, "channel_binding=require needs"},
      {"password, none given", no_password, kPassword, "none is given: the file is bad"},
      {"MD5", plain, kMd5, nullptr},
      {"MD5, not allowed", only_scram, kMd5, "MD5, which require_auth"},
      {"MD5, bound", bound, kMd5, "channel_binding=require needs"},
      {"MD5, short salt", plain, Method(5, "sal"), "not of 4 bytes"},
      {"SCRAM", plain, kScram, nullptr},
      {"SCRAM, not allowed", no_scram, kScram, "SCRAM-SHA-256, which require_auth"},
      {"SCRAM, none given", no_password, kScram, "none is given: the file is bad"},
      {"SCRAM, bound, not offered", bound, kScram, "does not offer SCRAM-SHA-256-PLUS"},
      {"SCRAM, bound, without TLS", bound_plain, kScram, "needs TLS"},
      {"PLUS without TLS", plain, kBoth, "PLUS on a connection without TLS"},
      {"PLUS, bound", bound, kBoth, nullptr},
      {"PLUS, no digest", no_digest, kBoth, "certificate has no digest"},
      {"PLUS alone, unbound", unbound, kPlus, "nothing but SCRAM-SHA-256-PLUS"},
      {"another mechanism", plain, Method(10, "OAUTHBEARER\0\0"s), "no SASL mechanism"},
      {"no mechanism", plain, Method(10, "\0"s), "no SASL mechanism"},
      {"mechanisms without end", plain, Method(10, "SCRAM-SHA-256\0"s), "has no end"},
      {"mechanisms and more", plain, Method(10, "SCRAM-SHA-256\0\0x"s), "has no end"},
      {"GSSAPI", plain, Method(7), "GSSAPI, which is not supported"},
      {"unknown", plain, Method(99), "a method that is unknown"},
      {"too short", plain, "\0\0"s, "too short"},
      {"SASL data at once", plain, Method(11, "r=x,s=AA==,i=1"), "out of turn"},
      {"SASL end at once", plain, Method(12, "v=AA=="), "out of turn"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Login login(c.options);
    const auto step = login.OnMessage(c.message);
    if (c.refusal == nullptr) {
      EXPECT_TRUE(step) << step.error().message;
    } else {
      EXPECT_TRUE(Why(step).contains(c.refusal)) << Why(step);
    }
  }
}

TEST(Login, SendsWhatItIsAskedFor) {
  Login password(Options());
  EXPECT_EQ(Sent(password.OnMessage(kPassword)), "p\0\0\0\6p\0"s);
  EXPECT_TRUE(std::holds_alternative<Login::Done>(*password.OnMessage(kOk)));

  // md5(md5("pu") + "salt"), as PostgreSQL's documentation has it.
  Login md5(Options());
  EXPECT_EQ(Sent(md5.OnMessage(kMd5)).substr(0, 8), "p\0\0\0\x28md5"s);

  Login bound(Options());
  EXPECT_TRUE(Sent(bound.OnMessage(kBoth)).contains("SCRAM-SHA-256-PLUS\0"s));
  Login unoffered(Options());
  EXPECT_TRUE(Sent(unoffered.OnMessage(kScram)).contains("SCRAM-SHA-256\0\0\0\0 y,,n=,r="s));
  LoginOptions options = Options();
  options.channel_binding = ChannelBinding::kDisable;
  Login unbound(options);
  EXPECT_TRUE(Sent(unbound.OnMessage(kBoth)).contains("SCRAM-SHA-256\0\0\0\0 n,,n=,r="s));
}

TEST(Login, RefusesASecondAuthentication) {
  for (const std::string& first : {kPassword, kMd5, kScram}) {
    for (const std::string& second : {kPassword, kMd5, kScram}) {
      Login login(Options());
      ASSERT_TRUE(login.OnMessage(first));
      EXPECT_TRUE(Why(login.OnMessage(second)).contains("second authentication"));
    }
  }
}

// The server's part of SCRAM, for a password that it knows.
class ScramServer {
 public:
  explicit ScramServer(const std::string& client_first) {
    const std::string nonce = client_first.substr(client_first.rfind("r=") + 2);
    first_ = "r=" + nonce + "server,s=" + Base64Encode("salt", Base64::kStandard) + ",i=2";
  }
  std::string First() const { return Method(11, first_); }

 private:
  std::string first_;
};

TEST(Login, LetsInNobodyWhoBreaksScramOff) {
  Login at_once(Options());
  const std::string first = Sent(at_once.OnMessage(kScram));
  EXPECT_TRUE(Why(at_once.OnMessage(kOk)).contains("broke off SCRAM"));

  Login after_first(Options());
  const ScramServer server(Sent(after_first.OnMessage(kScram)));
  const auto step = after_first.OnMessage(server.First());
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_TRUE(Why(after_first.OnMessage(kOk)).contains("broke off SCRAM"));
  EXPECT_TRUE(Why(after_first.OnMessage(server.First())).contains("out of turn"));
  (void)after_first.OnKeys(DeriveScramKeys(std::get<Login::Derive>(*step).challenge));
  EXPECT_TRUE(Why(after_first.OnMessage(kOk)).contains("broke off SCRAM"));
  EXPECT_TRUE(Why(after_first.OnMessage(Method(12, "v=AAAA"))).contains("does not prove"));
  EXPECT_TRUE(Why(after_first.OnMessage(kOk)).contains("broke off SCRAM"));
}

}  // namespace
}  // namespace tidemill::postgres
