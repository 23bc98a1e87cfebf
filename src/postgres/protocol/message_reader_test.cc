#include "postgres/protocol/message_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "postgres/protocol/wire.h"

namespace tidemill::postgres {
namespace {

std::string Framed(char type, std::string_view body) {
  std::string bytes(1, type);
  AppendUint32(bytes, static_cast<std::uint32_t>(body.size() + 4));
  return bytes + std::string(body);
}

struct Read {
  std::vector<std::string> messages;  // the type and the body, or the type, '#' and how much was passed over
  std::string refusal;
};

Read ReadInPieces(std::string_view bytes, std::size_t piece, Phase phase = Phase::kQuery) {
  MessageReader reader(phase, 100);
  Read read;
  while (!bytes.empty()) {
    const std::string copy(bytes.substr(0, piece));
    bytes.remove_prefix(copy.size());
    reader.Feed(copy);
    for (;;) {
      auto message = reader.Next();
      if (!message) {
        read.refusal = message.error().detail;
        return read;
      }
      if (!*message) break;
      std::string said(1, (*message)->type);
      if ((*message)->skipped_bytes > 0) said += "#" + std::to_string((*message)->skipped_bytes);
      read.messages.push_back(said + std::string((*message)->body));
    }
  }
  return read;
}

TEST(MessageReader, GivesTheSameMessagesHoweverTheBytesAreCut) {
  const std::string large(100, 'x');
  const std::string bytes = Framed('1', "") + Framed('D', large) + Framed('D', large + "y") +
                            Framed('d', std::string(70'000, 'z')) + Framed('C', "SELECT 1") +
                            Framed('Z', "I");
  const std::vector<std::string> expected = {"1", "D" + large, "D#101", "d#70000", "CSELECT 1", "ZI"};
  for (std::size_t piece = 1; piece < 300; ++piece) {
    SCOPED_TRACE(piece);
    const Read read = ReadInPieces(bytes, piece);
    EXPECT_EQ(read.refusal, "");
    EXPECT_EQ(read.messages, expected);
  }
  EXPECT_EQ(ReadInPieces(bytes, bytes.size()).messages, expected);
}

TEST(MessageReader, RefusesWhatNoServerSays) {
  struct Case {
    const char* name;
    std::string bytes;
    Phase phase;
    const char* refusal;
  };
  const Case cases[] = {
      {"an unknown type", Framed('?', ""), Phase::kQuery, "a message of type '?' where none may come"},
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n", Phase::kQuery, "a message of type 'H' with 1414811691 bytes"},
      {"a length of 3", std::string("Z\0\0\0\3", 5), Phase::kQuery,
       "a message of type 'Z' with the length 3"},
      {"a negative length", "D\xff\xff\xff\xff", Phase::kQuery,
       "a message of type 'D' with the length 4294967295"},
      {"ReadyForQuery without its status", Framed('Z', ""), Phase::kQuery,
       "a message of type 'Z' with the length 4"},
      {"ParseComplete with a body", Framed('1', "x"), Phase::kQuery, "a message of type '1' with 1 bytes"},
      {"a long command tag", Framed('C', std::string(2000, 'x')), Phase::kQuery,
       "a message of type 'C' with 2000 bytes"},
      {"a row before the login", Framed('D', "xx"), Phase::kLogin,
       "a message of type 'D' where none may come"},
      {"a login after the login", Framed('R', "xxxx"), Phase::kQuery,
       "a message of type 'R' where none may come"},
      {"a long error before the login", Framed('E', std::string(40'000, 'x')), Phase::kLogin,
       "a message of type 'E' with 40000 bytes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
      EXPECT_EQ(ReadInPieces(c.bytes, piece, c.phase).refusal, c.refusal);
    }
  }
}

TEST(MessageReader, GivesBackWhatItDidNotRead) {
  MessageReader reader(Phase::kQuery, 100);
  const std::string bytes = Framed('1', "") + Framed('Z', "T");
  reader.Feed(bytes);
  ASSERT_EQ((*reader.Next())->type, '1');
  const std::string rest(reader.TakeRest());
  EXPECT_EQ(rest, Framed('Z', "T"));
  reader.Feed(rest);
  EXPECT_EQ((*reader.Next())->body, "T");
}

}  // namespace
}  // namespace tidemill::postgres
