#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/faktory/glob.h"
#include "jobs/faktory/handshake.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/faktory/reply.h"

namespace tidemill::faktory {
namespace {

using Lines = std::vector<std::string>;

// The lines of `bytes` that come in pieces; the last one is an error's detail, if there is one.
Lines Read(std::string_view bytes, std::size_t piece, std::size_t line_bytes_max = kLineBytesMax) {
  Lines lines;
  LineReader reader(line_bytes_max);
  while (!bytes.empty()) {
    const std::string part(bytes.substr(0, piece));  // of its own memory, so that reading beyond it is found
    bytes.remove_prefix(part.size());
    reader.Feed(part);
    for (;;) {
      const auto line = reader.Next();
      if (!line) {
        lines.push_back(line.error().detail);
        return lines;
      }
      if (!*line) break;
      lines.emplace_back(**line);
    }
  }
  return lines;
}

TEST(LineReader, EndsLinesWithEitherEndHoweverTheyAreCut) {
  const std::string_view bytes = "INFO\r\nACK {}\n\r\n\nPUSH {\"a\":\"\r\"}\r\r\nEND\r\nrest";
  const Lines lines = {"INFO", "ACK {}", "", "", "PUSH {\"a\":\"\r\"}\r", "END"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(Read(bytes, piece), lines) << piece;
}

TEST(LineReader, RefusesALineThatIsTooLongHoweverItIsCut) {
  for (std::size_t piece = 1; piece <= 20; ++piece) {
    SCOPED_TRACE(piece);
    EXPECT_EQ(Read("12345678\r\n12345678\n", piece, 8), (Lines{"12345678", "12345678"}));
    EXPECT_EQ(Read("1\n123456789\r\n", piece, 8), (Lines{"1", "a line has at most 8 bytes"}));
    EXPECT_EQ(Read("12345678\r9\n", piece, 8), (Lines{"a line has at most 8 bytes"}));
    EXPECT_EQ(Read("123456789", piece, 8), (Lines{"a line has at most 8 bytes"}))
        << "its end is not waited for";
  }
}

TEST(LineReader, KeepsOnlyTheBeginningOfALine) {
  LineReader reader;
  const std::string beginning = "PUSH " + std::string(100'000, 'x');
  const std::string bytes = "INFO\r\n" + beginning;
  reader.Feed(bytes);
  EXPECT_EQ(reader.Next().value(), "INFO");
  EXPECT_EQ(reader.bytes_kept(), 0U);
  EXPECT_EQ(reader.Next().value(), std::nullopt);
  EXPECT_GE(reader.bytes_kept(), beginning.size());
  reader.Feed("y\n");
  EXPECT_EQ(reader.Next().value(), beginning + "y");
  EXPECT_EQ(reader.Next().value(), std::nullopt);
  EXPECT_EQ(reader.bytes_kept(), 0U) << "a long line's memory is given back";
}

TEST(Replies, AreRespOfOneOrTwoLines) {
  std::string out;
  AppendOk(out);
  AppendSimple("HI", out);
  AppendError("unknown command X", out);
  AppendNotUnique(out);
  AppendBulk("{}", out);
  AppendBulk("", out);
  AppendNull(out);
  AppendInteger(-5, out);
  EXPECT_EQ(out,
            "+OK\r\n+HI\r\n-ERR unknown command X\r\n-NOTUNIQUE Job not "
            "unique\r\n$2\r\n{}\r\n$0\r\n\r\n$-1\r\n:-5\r\n");
}

TEST(Replies, AnErrorCannotBecomeTwoAnswers) {
  std::string out;
  AppendError("a\r\n+OK\x01\x7f \xc3\xa9", out);
  EXPECT_EQ(out, "-ERR a  +OK   \xc3\xa9\r\n");
  out.clear();
  AppendError(std::string(kErrorBytesMax - 1, 'x') + "\xc3\xa9", out);
  EXPECT_EQ(out, "-ERR " + std::string(kErrorBytesMax - 1, 'x') + "\r\n");
}

TEST(Greeting, HasNoBlankInItsJson) {
  std::string out;
  AppendGreeting(nullptr, out);
  EXPECT_EQ(out, "+HI {\"v\":2}\r\n");
  out.clear();
  const Challenge challenge{.iterations = 4735, .salt = "55104dc76695721d"};
  AppendGreeting(&challenge, out);
  EXPECT_EQ(out, "+HI {\"v\":2,\"i\":4735,\"s\":\"55104dc76695721d\"}\r\n");
}

TEST(Challenge, IsAnotherEachTime) {
  const Challenge one = MakeChallenge();
  const Challenge two = MakeChallenge();
  EXPECT_NE(one.salt, two.salt);
  for (const Challenge& challenge : {one, two}) {
    EXPECT_GE(challenge.iterations, 4000U);
    EXPECT_LE(challenge.iterations, 8095U);
    EXPECT_EQ(challenge.salt.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST(PasswordHash, IsThatOfTheProtocolsDescription) {
  EXPECT_EQ(PasswordHash("foobar", "55104dc76695721d", 1545),
            "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30");
}

TEST(IsPassword, AsksClientsByTheirVersion) {
  const Challenge challenge{.iterations = 1545, .salt = "55104dc76695721d"};
  const auto hello = [](std::int64_t version, std::string hash) {
    return Hello{.version = version, .password_hash = std::move(hash)};
  };
  const std::string hashed = PasswordHash("foobar", challenge.salt, 1545);
  const std::string once = PasswordHash("foobar", challenge.salt, 1);
  EXPECT_TRUE(IsPassword(hello(2, hashed), "foobar", challenge));
  EXPECT_TRUE(IsPassword(hello(3, hashed), "foobar", challenge));
  EXPECT_TRUE(IsPassword(hello(1, once), "foobar", challenge));
  EXPECT_TRUE(IsPassword(hello(0, once), "foobar", challenge)) << "PyPI faktory says no version";
  EXPECT_FALSE(IsPassword(hello(2, once), "foobar", challenge));
  EXPECT_FALSE(IsPassword(hello(0, hashed), "foobar", challenge));
  EXPECT_FALSE(IsPassword(hello(2, hashed), "foobaz", challenge));
  EXPECT_FALSE(IsPassword(hello(2, ""), "foobar", challenge));
  EXPECT_FALSE(IsPassword(hello(2, hashed.substr(1)), "foobar", challenge));
}

TEST(ParseHello, ReadsConsumersAndProducers) {
  const auto consumer =
      ParseHello(R"(HELLO {"hostname":"h","wid":"4qpc2443vpvai","pid":2676,"labels":["golang","x y"],)"
                 R"("v":2,"pwdhash":"1e440e","username":"ignored"})");
  ASSERT_TRUE(consumer) << consumer.error().detail;
  EXPECT_EQ(*consumer, (Hello{.version = 2,
                              .wid = "4qpc2443vpvai",
                              .hostname = "h",
                              .pid = 2676,
                              .labels = {"golang", "x y"},
                              .password_hash = "1e440e"}));
  EXPECT_TRUE(consumer->is_consumer());
  const auto producer = ParseHello(R"(HELLO {"v":2,"wid":null,"labels":null})");
  ASSERT_TRUE(producer);
  EXPECT_FALSE(producer->is_consumer());
  EXPECT_EQ(ParseHello("HELLO {}")->version, 0);
}

TEST(ParseHello, RefusesWhatIsNone) {
  for (const char* line : {"", "HELLO", "HELLO ", "HELLO x", "hello {}", "PUSH {}", "HELLO {", "HELLO {} {}",
                           "HELLO  {}", R"(HELLO {"v":"2"})", R"(HELLO {"wid":"a b"})",
                           R"(HELLO {"wid":"a\r\nb"})", R"(HELLO {"labels":"x"})", R"(HELLO {"pid":1.5})"}) {
    EXPECT_FALSE(ParseHello(line)) << line;
  }
}

TEST(ParseHello, EveryLimitIsNamed) {
  const auto error = [](const std::string& json) {
    const auto hello = ParseHello("HELLO " + json);
    return hello ? "accepted" : hello.error().detail;
  };
  const auto text = [](std::size_t bytes) { return '"' + std::string(bytes, 'x') + '"'; };
  EXPECT_EQ(error("{\"wid\":" + text(kWidBytesMax) + "}"), "accepted");
  EXPECT_TRUE(error("{\"wid\":" + text(kWidBytesMax + 1) + "}").ends_with("wid has at most 128 bytes"));
  EXPECT_TRUE(error("{\"hostname\":" + text(kHostnameBytesMax + 1) + "}")
                  .ends_with("hostname has at most 256 bytes"));
  EXPECT_TRUE(
      error("{\"labels\":[" + text(kLabelBytesMax + 1) + "]}").ends_with("a label has at most 128 bytes"));
  std::string labels;
  for (std::size_t i = 0; i < kLabelsMax; ++i) labels += "\"x\",";
  EXPECT_EQ(error("{\"labels\":[" + labels.substr(0, labels.size() - 1) + "]}"), "accepted");
  EXPECT_TRUE(error("{\"labels\":[" + labels + "\"x\"]}").ends_with("at most 64 labels"));
  EXPECT_EQ(error("{\"x\":" + text(kHelloBytesMax) + "}"), "HELLO has at most 16384 bytes");
}

TEST(Glob, IsThatOfRedis) {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything\"", true},
      {"a*c", "abbbc", true},
      {"a*c", "abbbcd", false},
      {"*\"args\":[\"bob\"*", R"({"jid":"1","args":["bob"],"x":1})", false},  // [ begins a set
      {"*\"args\":\\[\"bob\"*", R"({"jid":"1","args":["bob"],"x":1})", true},
      {"*args*bob*", R"({"args":["bob"]})", true},
      {"h?llo", "hello", true},
      {"h?llo", "hllo", false},
      {"h[ae]llo", "hallo", true},
      {"h[ae]llo", "hillo", false},
      {"h[^e]llo", "hallo", true},
      {"h[^e]llo", "hello", false},
      {"[a-c]x", "bx", true},
      {"[c-a]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[\\]]", "]", true},
      {"[abc", "c", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a\\", "a\\", true},
      {"*a*b*c", "xaxbxcxc", true},
      {"*a*b*c", "xaxbxcx", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Glob(c.pattern).Matches(c.text), c.matches) << c.pattern << " on " << c.text;
  }
}

TEST(Glob, DoesNotExplode) {
  std::string pattern;
  for (int i = 0; i < 300; ++i) pattern += "a*";
  EXPECT_FALSE(Glob(pattern + "b").Matches(std::string(20'000, 'a')));
}

}  // namespace
}  // namespace tidemill::faktory
