#include "postgres/address/address.h"

#include <gtest/gtest.h>

#include "postgres/address/parameters.h"

namespace tidemill::postgres {
namespace {

Environment Bare() { return {.os_user = "os"}; }

Result<Address> Parse(std::string_view text, Environment environment = Bare(),
                      const std::string& password = "") {
  return Address::Parse(text, password, environment);
}

struct Seen {
  std::string servers, user, password, database;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen See(const Address& address) {
  Seen seen{.user = address.user, .password = address.password, .database = address.database};
  for (const Server& server : address.servers) {
    seen.servers += (seen.servers.empty() ? "" : " ") + server.ToString();
    if (!server.ip.empty()) seen.servers += "=" + server.ip;
  }
  return seen;
}

TEST(Address, SaysWhereAndAsWhom) {
  struct Case {
    const char* text;
    Seen seen;
  };
  const Case cases[] = {
      {"postgres://", {"/var/run/postgresql/.s.PGSQL.5432", "os", "", "os"}},
      {"postgresql://h", {"h:5432", "os", "", "os"}},
      {"postgres://h/", {"h:5432", "os", "", "os"}},
      {"postgres://u@h:1/d", {"h:1", "u", "", "d"}},
      {"postgres://u:p@h/d", {"h:5432", "u", "p", "d"}},
      {"postgres://u:@h/d", {"h:5432", "u", "", "d"}},
      {"postgres://:p@h", {"h:5432", "os", "p", "os"}},
      {"postgres://u:p%40%3A%2F%3f%25@h/a%2Fb", {"h:5432", "u", "p@:/?%", "a/b"}},
      {"postgres://u:a:b@h", {"h:5432", "u", "a:b", "u"}},
      {"postgres://u@[::1]:99/d", {"[::1]:99", "u", "", "d"}},
      {"postgres://[fe80::1],h:2/d", {"[fe80::1]:5432 h:2", "os", "", "d"}},
      {"postgres://a:1,b:2,c/d", {"a:1 b:2 c:5432", "os", "", "d"}},
      {"postgres://a,b:2/d", {"a:5432 b:2", "os", "", "d"}},
      {"postgres://a,b,/d?port=7", {"a:7 b:7 /var/run/postgresql/.s.PGSQL.7", "os", "", "d"}},
      {"postgres:///d?host=/run/pg&port=6", {"/run/pg/.s.PGSQL.6", "os", "", "d"}},
      {"postgres://%2Frun%2Fpg:6/d", {"/run/pg/.s.PGSQL.6", "os", "", "d"}},
      {"postgres:///?dbname=d&user=u&password=p%26q", {"/var/run/postgresql/.s.PGSQL.5432", "u", "p&q", "d"}},
      {"postgres://h?user=u", {"h:5432", "u", "", "u"}},
      {"postgres://h/d?user=a@b", {"h:5432", "a@b", "", "d"}},
      {"postgres://h/d?hostaddr=10.0.0.1", {"h:5432=10.0.0.1", "os", "", "d"}},
      {"postgres:///d?hostaddr=::1", {"[::1]:5432=::1", "os", "", "d"}},
      {"host=h", {"h:5432", "os", "", "os"}},
      {"  host = h\tport=\n3 user=u dbname=d ", {"h:3", "u", "", "d"}},
      {"host=h password='a b\\'c\\\\' user=u", {"h:5432", "u", "a b'c\\", "u"}},
      {"host=h password=a\\ b\\'c", {"h:5432", "os", "a b'c", "os"}},
      {"host=h password='' user=''", {"h:5432", "os", "", "os"}},
      {"host=a,b port=1,2 dbname=d", {"a:1 b:2", "os", "", "d"}},
      {"host=a,/run/pg port=1 dbname=d", {"a:1 /run/pg/.s.PGSQL.1", "os", "", "d"}},
      {"host=h password=a://b", {"h:5432", "os", "a://b", "os"}},
      {"host=h\nuser=\xc3\xa4", {"h:5432", "\xc3\xa4", "", "\xc3\xa4"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto address = Parse(c.text);
    ASSERT_TRUE(address) << address.error().detail;
    EXPECT_EQ(See(*address).servers, c.seen.servers);
    EXPECT_EQ(See(*address), c.seen);
  }
}

TEST(Address, SaysWhichPartIsWrong) {
  struct Case {
    const char* text;
    const char* detail;  // begins with it
  };
  const Case cases[] = {
      {"", "write postgres://"},
      {"mydb", "write postgres://"},
      {"mysql://h/d", "an unknown scheme"},
      {"jdbc:postgresql://h/d?user=u", "an unknown scheme"},
      {"postgres://u:%zz@h", "password: after a %"},
      {"postgres://u:%4@h", "password: after a %"},
      {"postgres://u:%00@h", "password: holds %00"},
      {"postgres://u%@h", "user: after a %"},
      {"postgres://h/%", "database: after a %"},
      {"postgres://u:p/q@h/d", "a / or ? before the @"},
      {"postgres://u:p?q@h/d", "a / or ? before the @"},
      {"postgres://u:p@q@h/d", "more than one @"},
      {"postgres://[::1", "host: a [ without its ]"},
      {"postgres://[]", "host: nothing between"},
      {"postgres://[::1]x", "host: something other than :port"},
      {"postgres://[::g]", "host: not a name"},
      {"postgres://::1", "host: more than one colon"},
      {"postgres://a b", "host: not a name"},
      {"postgres://h:0", "port: not a number from 1"},
      {"postgres://h:65536", "port: not a number from 1"},
      {"postgres://h:1x", "port: not a number from 1"},
      {"postgres://h:-1", "port: not a number from 1"},
      {"postgres://a,b/d?port=1,2,3", "port: not as many"},
      {"postgres://h?sslmode", "parameters: a name without"},
      {"postgres://h?sslmode=a=b", "parameters: a second ="},
      {"postgres://h?sslmod=require", "unknown parameter \"sslmod\"; did you mean \"sslmode\"?"},
      {"postgres://h?zzzzzzzzz=1", "an unknown parameter \"zzzzzzzzz\""},
      {"postgres://h?schema=public", "schema: write options="},
      {"postgres://h?sslmode=on", "sslmode: accepted: disable, allow"},
      {"postgres://h?sslmode=verify-ca", "sslmode: verify-ca needs sslrootcert"},
      {"postgres://h?sslmode=require&sslrootcert=system", "sslmode: sslrootcert=system goes"},
      {"postgres://h?sslnegotiation=direct", "sslnegotiation: direct needs"},
      {"postgres://h?sslcert=a", "sslcert: needs sslkey"},
      {"postgres://h?sslkey=a", "sslkey: needs sslkey"},
      {"postgres://h?target_session_attrs=primry", "target_session_attrs: accepted: any"},
      {"postgres://h?channel_binding=yes", "channel_binding: accepted"},
      {"postgres://h?channel_binding=require&sslmode=disable", "channel_binding: require needs TLS"},
      {"postgres://h?channel_binding=require&require_auth=md5", "require_auth: channel_binding=require"},
      {"postgres://h?require_auth=kerberos", "require_auth: accepted"},
      {"postgres://h?require_auth=gss", "require_auth: leaves no method"},
      {"postgres://h?require_auth=md5,!password", "require_auth: either every"},
      {"postgres://h?connect_timeout=1s", "connect_timeout: not a whole number"},
      {"postgres://h?connect_timeout=-1", "connect_timeout: not a whole number"},
      {"postgres://h?client_encoding=latin1", "client_encoding: accepted: UTF8"},
      {"postgres://h?service=x", "service: service files"},
      {"postgres://h?gssencmode=require", "gssencmode: accepted: disable"},
      {"postgres://h?passfile=/nowhere/pgpass", "passfile: there is no such file"},
      {"postgres://h?hostaddr=name", "hostaddr: not an IP"},
      {"postgres://a,b?hostaddr=::1", "hostaddr: not as many"},
      {"postgres://h?user=a%01b", "user: holds a control"},
      {"postgres://@h?application_name=aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaa",
       "application_name: longer than 63"},
      {"host=h password=a b", "a name without its =value at character 19"},
      {"host=h pasword=b", "unknown parameter \"pasword\"; did you mean \"password\"?"},
      {"host=h password='a", "password: a ' without its end"},
      {"host=h password='a\\", "password: a ' without its end"},
      {"host=@abstract", "host: abstract"},
      {"=x", "an unknown parameter at character 1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto address = Parse(c.text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, Errc::kInvalidArgument);
    EXPECT_TRUE(address.error().detail.starts_with(c.detail)) << address.error().detail;
  }
}

TEST(Address, NeverQuotesAPassword) {
  const char* const texts[] = {
      "postgres://u:hunter2%@h",
      "postgres://u:hunter2/@h",
      "postgres://u:hunter2@@h",
      "postgres://u:x?hunter2=1@h",
      "host=h password=a hunter2",
      "host=h password=a hunter2=b",
      "host=h password='hunter2",
      "hunter2",
      "hunter2://",
      "postgres://h:hunter2",
      "postgres://h?sslmode=hunter2",
      "postgres://h?port=hunter2",
      "host=h connect_timeout=hunter2",
      "postgres://[hunter2",
      "postgres://h?require_auth=hunter2",
  };
  for (const char* const text : texts) {
    SCOPED_TRACE(text);
    const auto address = Parse(text);
    ASSERT_FALSE(address);
    EXPECT_FALSE(address.error().detail.contains("hunter2")) << address.error().detail;
  }
  const auto address = Parse("postgres://u%2F:hunter2@a:1,[::1]:2,%2Frun:3/d%20e?sslmode=require");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->ToString(), "postgres://u%2F@a:1,[::1]:2,%2Frun:3/d%20e");
}

TEST(Address, HoldsHowTheConnectionIsToBe) {
  const auto address = Parse(
      "postgres://h?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/"
      "k.pem&sslnegotiation=direct&"
      "sslsni=0&ssl_min_protocol_version=TLSv1.3&target_session_attrs=read-write&load_balance_hosts=random&"
      "channel_binding=require&require_auth=scram-sha-256&connect_timeout=7&application_name=a&"
      "options=-c%20x%3D1&keepalives=1&keepalives_idle=1&keepalives_interval=2&keepalives_count=3&"
      "tcp_user_timeout=4&client_encoding=utf8&gssencmode=disable");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->tls, (TlsOptions{.mode = TlsMode::kVerifyFull,
                                      .direct = true,
                                      .authorities = "/ca.pem",
                                      .certificate = "/c.pem",
                                      .key = "/k.pem",
                                      .send_server_name = false,
                                      .only_1_3 = true}));
  EXPECT_EQ(address->target, SessionTarget::kReadWrite);
  EXPECT_TRUE(address->random_order);
  EXPECT_EQ(address->channel_binding, ChannelBinding::kRequire);
  EXPECT_EQ(address->methods, (AuthMethods{.none = false, .password = false, .md5 = false, .scram = true}));
  EXPECT_EQ(address->connect_timeout, Seconds(7));
  EXPECT_EQ(address->application_name, "a");
  EXPECT_EQ(address->options, "-c x=1");
  EXPECT_EQ(
      address->keep_alive,
      (net::KeepAlive{.idle_s = 1, .interval_s = 2, .count = 3, .unacknowledged_max = Milliseconds(4)}));
}

TEST(Address, LetsTcpSearchForAPeerThatVanishesUnlessToldNotTo) {
  EXPECT_EQ(Parse("postgres://h")->keep_alive, net::KeepAlive{});
  EXPECT_EQ(Parse("postgres://h?keepalives=0&keepalives_idle=3")->keep_alive, std::nullopt);
}

TEST(Address, ReadsWhatIsRequiredOfAuthentication) {
  struct Case {
    const char* value;
    AuthMethods methods;
  };
  const Case cases[] = {
      {"password",
       {.none = false, .password = true, .md5 = false, .scram = false, .clear_password_without_tls = true}},
      {"md5,scram-sha-256", {.none = false, .password = false, .md5 = true, .scram = true}},
      {"!password", {.none = true, .password = false, .md5 = true, .scram = true}},
      {"!password,!md5,!none", {.none = false, .password = false, .md5 = false, .scram = true}},
      {"none", {.none = true, .password = false, .md5 = false, .scram = false}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    const auto address = Parse(std::string("postgres://h?require_auth=") + c.value);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->methods, c.methods);
  }
}

TEST(Address, TakesFromTheEnvironmentWhatItDoesNotSay) {
  const Environment environment{.variables = {{"PGHOST", "eh"},
                                              {"PGPORT", "9"},
                                              {"PGUSER", "eu"},
                                              {"PGPASSWORD", "ep"},
                                              {"PGSSLMODE", "require"}},
                                .os_user = "os"};
  const auto all = Parse("postgres://", environment);
  ASSERT_TRUE(all);
  EXPECT_EQ(See(*all), (Seen{"eh:9", "eu", "ep", "eu"}));
  EXPECT_EQ(all->tls.mode, TlsMode::kRequire);
  const auto some = Parse("postgres://u:p@h/d?sslmode=disable", environment);
  ASSERT_TRUE(some);
  EXPECT_EQ(See(*some), (Seen{"h:9", "u", "p", "d"}));
  EXPECT_EQ(some->tls.mode, TlsMode::kDisable);
  EXPECT_EQ(Parse("postgres://u@h", environment, "set")->password, "set");
  EXPECT_EQ(Parse("postgres://u:p@h", environment, "set")->password, "p");
}

TEST(Address, NamesTheVariableThatIsWrong) {
  EXPECT_TRUE(Parse("postgres://h", {.variables = {{"PGSSLMODE", "x"}}, .os_user = "os"})
                  .error()
                  .detail.starts_with("PGSSLMODE: accepted"));
  EXPECT_TRUE(Parse("postgres://h", {.variables = {{"PGSERVICE", "x"}}, .os_user = "os"})
                  .error()
                  .detail.starts_with("PGSERVICE: service files"));
  EXPECT_TRUE(Parse("postgres://h", {}).error().detail.starts_with("user: not given"));
}

TEST(Address, HoldsWhatSettingsHaveAtMost) {
  std::string hosts = "postgres://h";
  for (int i = 0; i < 64; ++i) hosts += ",h";
  EXPECT_TRUE(Parse(hosts).error().detail.starts_with("host: more than 64"));
  EXPECT_TRUE(Parse("postgres://h/" + std::string(70'000, 'd')).error().detail.starts_with("longer than"));
  EXPECT_TRUE(
      Parse("postgres://h/" + std::string(64, 'd')).error().detail.starts_with("dbname: longer than 63"));
  EXPECT_TRUE(
      Parse("postgres://u:" + std::string(20'000, 'p') + "@h").error().detail.starts_with("password: long"));
}

}  // namespace
}  // namespace tidemill::postgres
