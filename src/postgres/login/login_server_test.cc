// Every way of authentication, against real servers.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "net/testing/certificate.h"
#include "net/testing/slowdown.h"
#include "postgres/login/saslprep.h"
#include "postgres/opening/testing/opening.h"
#include "postgres/testing/each_version.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using net::testing::CertificateFiles;
using sql::FailureKind;
using testing::Opening;
using testing::PostgresServer;
using testing::ServerOptions;
using testing::Version;

class LoginOnEachVersion : public Opening, public ::testing::WithParamInterface<Version> {};

INSTANTIATE_TEST_SUITE_P(Versions, LoginOnEachVersion, testing::EachVersion(), testing::VersionName);

// A letter from outside ASCII where SASLprep does something, and what PostgreSQL is strict or lax about.
const std::vector<std::string>& OddPasswords() {
  static const std::vector<std::string> passwords = {
      "p",
      "it's \\ \"q\" $1 % @ : / ?",
      " blank at both ends ",
      "control \x01 \t",
      "\u00e4\u00f6\u00fc",
      "e\u0301",           // composed by NFKC
      "\ufb01\u2168",      // "fi", "IX"
      "I\u00adX",          // a soft hyphen goes
      "a\u00a0b\u3000c",   // spaces become one kind
      "\u00ad",            // nothing would be left
      "\ufb01\u0085",      // prohibited: taken as it is
      "\ufb01\ue000",      //
      "\ufb01\u0340",      // prohibited before the normalization only
      "\ufb01\U0001f600",  // unknown to Unicode 3.2
      "\u0627\u0628",      // right to left
      "\u0627\ufb01\u0628",
      "\u0627\u00b2",
      "\uff21\u1112\u1161\u11ab",
      std::string(1024, 'x'),
  };
  return passwords;
}

std::string Role(std::size_t i) { return "r" + std::to_string(i); }

std::string SqlQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string Escaped(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += std::string("%") + kDigits[byte >> 4] + kDigits[byte & 15];
  }
  return out;
}

std::string Url(const PostgresServer& server, const std::string& role, const std::string& password,
                const std::string& more = "") {
  return "postgres://" + role + ":" + Escaped(password) + "@127.0.0.1:" + std::to_string(server.port()) +
         "/postgres" + more;
}

TEST_P(LoginOnEachVersion, ScramTakesOddPasswords) {
  std::string sql;
  const std::vector<std::string>& passwords = OddPasswords();
  for (std::size_t i = 0; i < passwords.size(); ++i) {
    sql += "create role " + Role(i) + " login password " + SqlQuoted(passwords[i]) + ";";
  }
  const PostgresServer server({.version = GetParam(), .hba = {"host all all all scram-sha-256"}, .sql = sql});
  for (std::size_t i = 0; i < passwords.size(); ++i) {
    SCOPED_TRACE(passwords[i]);
    auto session = Open(Url(server, Role(i), passwords[i], "?require_auth=scram-sha-256"));
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(Ask(*session, "select current_user"), Role(i));
    // The prepared form is the same password, and so is what another keyboard makes of it.
    EXPECT_TRUE(Open(Url(server, Role(i), SaslPrep(passwords[i]))));
    const auto wrong = Open(Url(server, Role(i), passwords[i] + "x"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, "28P01") << wrong.error().message;
    EXPECT_EQ(wrong.error().kind, FailureKind::kUnauthenticated);
  }
  EXPECT_EQ(Open(Url(server, "nobody_such", "p")).error().code, "28P01");
  const auto none = Open(Url(server, Role(0), ""));
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.contains("none is given")) << none.error().message;
}

TEST_P(LoginOnEachVersion, ScramIsTiedToTheConnection) {
  const CertificateFiles sha256;
  const CertificateFiles sha384({.digest = "sha384"});
  for (const CertificateFiles* const files : {&sha256, &sha384}) {
    const PostgresServer server({.version = GetParam(),
                                 .hba = {"host all all all scram-sha-256"},
                                 .tls_certificate = files->certificate(),
                                 .tls_key = files->key(),
                                 .sql = "create role u login password 'p'"});
    for (const char* const binding : {"disable", "prefer", "require"}) {
      SCOPED_TRACE(binding);
      const std::string more = std::string("?sslmode=require&channel_binding=") + binding;
      const auto session = Open(Url(server, "u", "p", more));
      EXPECT_TRUE(session) << session.error().message;
      EXPECT_EQ(Open(Url(server, "u", "q", more)).error().code, "28P01");
    }
    EXPECT_TRUE(Open(Url(server, "u", "p", "?sslmode=allow&channel_binding=prefer")));
    const auto plain = Open(Url(server, "u", "p", "?sslmode=allow&channel_binding=require"));
    ASSERT_FALSE(plain);
    EXPECT_TRUE(plain.error().message.contains("needs TLS")) << plain.error().message;
  }
}

TEST_P(LoginOnEachVersion, EveryOtherMethodIsAnsweredOrRefused) {
  const CertificateFiles files;
  const PostgresServer server(
      {.version = GetParam(),
       .hba = {"local all clear password", "host all clear all password", "host all digest all md5",
               "host all open all trust", "host all ident all ident"},
       .tls_certificate = files.certificate(),
       .tls_key = files.key(),
       .sql = "create role clear login password 'p'; create role open login;"
              "set password_encryption = md5; create role digest login password 'p'"});
  struct Case {
    const char* role;
    const char* password;
    const char* more;
    const char* failure;  // nullptr: none
  };
  const Case cases[] = {
      {"clear", "p", "?sslmode=require", nullptr},
      {"clear", "q", "?sslmode=require", "28P01"},
      {"clear", "p", "?sslmode=disable", "clear text on a connection without TLS"},
      {"clear", "p", "?sslmode=disable&require_auth=password", nullptr},
      {"clear", "p", "?sslmode=require&require_auth=scram-sha-256", "require_auth does not allow"},
      {"clear", "p", "?sslmode=require&channel_binding=require", "channel_binding=require needs"},
      {"clear", "", "?sslmode=require", "none is given"},
      {"digest", "p", "?sslmode=disable", nullptr},
      {"digest", "q", "?sslmode=disable", "28P01"},
      {"digest", "p", "?sslmode=require", nullptr},
      {"digest", "p", "?require_auth=!md5", "require_auth does not allow"},
      {"open", "", "", nullptr},
      {"open", "p", "?require_auth=scram-sha-256", "asked for nothing"},
      {"open", "p", "?sslmode=require&channel_binding=require", "asked for nothing"},
      {"ident", "p", "?sslmode=disable", "28000"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.role) + " " + c.password + " " + c.more);
    const auto session = Open(Url(server, c.role, c.password, c.more));
    if (c.failure == nullptr) {
      EXPECT_TRUE(session) << session.error().message;
    } else {
      ASSERT_FALSE(session);
      EXPECT_TRUE((session.error().message + " " + session.error().code).contains(c.failure))
          << session.error().message;
      EXPECT_EQ(session.error().kind, FailureKind::kUnauthenticated);
    }
  }
  const std::string host = Escaped(server.folder()) + ":" + std::to_string(server.port());
  EXPECT_TRUE(Open("postgres://clear:p@" + host + "/postgres"));
}

TEST_F(Opening, ThePasswordMayStandInAFile) {
  const PostgresServer server(
      {.hba = {"host all all all scram-sha-256"}, .sql = "create role u login password 'p:q'"});
  const tidemill::testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/pgpass";
  std::ofstream(path) << "127.0.0.1:" << server.port() << ":postgres:u:p\\:q\n";
  const std::string url =
      "postgres://u@127.0.0.1:" + std::to_string(server.port()) + "/postgres?passfile=" + path;
  chmod(path.c_str(), 0600);
  EXPECT_TRUE(Open(url));
  chmod(path.c_str(), 0644);
  const auto open_to_all = Open(url);
  ASSERT_FALSE(open_to_all);
  EXPECT_TRUE(open_to_all.error().message.contains("chmod 0600 " + path)) << open_to_all.error().message;
}

// What a server asks of us is bounded, and does not stop the loop.
TEST_F(Opening, ScramOfManyIterationsIsComputedOffTheLoop) {
  const PostgresServer server(
      {.version = Version::k18,
       .hba = {"host all all all scram-sha-256"},
       .sql = "set scram_iterations = 200000; create role many login password 'p';"
              "create role more login password 'SCRAM-SHA-256$600001:c2FsdHNhbHQ=$"
              "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='"});
  const auto many = Open(Url(server, "many", "p"));
  EXPECT_TRUE(many) << many.error().message;
  EXPECT_LT(loop_->meter().longest_cpu(), 100'000 * net::testing::kSlowdown);
  const auto more = Open(Url(server, "more", "p"));
  ASSERT_FALSE(more);
  EXPECT_TRUE(more.error().message.contains("at most 600000")) << more.error().message;
}

}  // namespace
}  // namespace tidemill::postgres
