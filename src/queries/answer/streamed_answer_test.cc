#include "queries/answer/streamed_answer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "http/testing/server_bench.h"
#include "queries/answer/compress.h"
#include "queries/answer/testing/given_rows.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::TypeOf;

const auto kColumns = testing::ColumnsOf({{"id", TypeOf("int4")}, {"text", TypeOf("text")}});

// Gives `pieces` pieces of a hundred rows; then fails, if it is to.
class Counting final : public sql::RowStream {
 public:
  struct Plan {
    int pieces = 3;
    bool fails = false;
    int given = 0;
    int ended = 0;  // streams
  };
  explicit Counting(Plan& plan) : plan_(plan) {}
  ~Counting() override { ++plan_.ended; }

  const sql::Columns& columns() const override { return *kColumns; }
  Task<sql::Result<std::optional<sql::Rows>>> Next() override {
    if (plan_.given == plan_.pieces) {
      if (plan_.fails) co_return sql::Fail(sql::FailureKind::kUnavailable, "the database went away");
      co_return std::nullopt;
    }
    std::vector<testing::GivenRow> rows;
    for (int i = 0; i < 100; ++i) {
      rows.push_back({std::to_string(plan_.given * 100 + i), std::string(1000, 'x')});
    }
    ++plan_.given;
    co_return testing::RowsOf(kColumns, rows);
  }

 private:
  Plan& plan_;
};

class Streaming final : public http::Handler {
 public:
  Streaming(net::Loop& loop, Counting::Plan& plan) : loop_(loop), plan_(plan) {}
  Task<http::Response> Handle(const http::Request& request) override {
    auto response = co_await StreamAnswer(std::make_unique<Counting>(plan_), format, request, loop_);
    if (!response) co_return http::Response::Text(503, response.error().message);
    co_return *std::move(response);
  }
  Format format = Format::kLines;

 private:
  net::Loop& loop_;
  Counting::Plan& plan_;
};

// Whether nothing of a response is missing.
bool IsWhole(std::string_view response) {
  const std::size_t head = response.find("\r\n\r\n");
  if (head == response.npos) return false;
  const std::size_t length = response.substr(0, head).find("Content-Length: ");
  if (length == response.npos) return response.ends_with("\r\n0\r\n\r\n");
  return response.size() - head - 4 == std::stoul(std::string(response.substr(length + 16, 12)));
}

// The chunks of a body, joined; "…" behind what has no end.
std::string Unchunked(std::string_view body) {
  std::string joined;
  while (!body.empty()) {
    const std::size_t line = body.find("\r\n");
    const std::size_t size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
    if (size == 0) return joined;
    joined += body.substr(line + 2, size);
    body.remove_prefix(std::min(body.size(), line + 2 + size + 2));
  }
  return joined + "…";
}

std::string Gunzipped(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string plain(64 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += "{\"id\":" + std::to_string(i) + ",\"text\":\"" + std::string(1000, 'x') + "\"}\n";
  }
  return lines;
}

class StreamedAnswerTest : public http::ServerBench {
 protected:
  StreamedAnswerTest() { router_->Add(http::Method::kGet, "/rows", handler_); }

  std::string Get(std::string_view headers = "") {
    const net::Fd fd = Connect();
    net::testing::WriteAll(fd.get(), "GET /rows HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n");
    std::string all;
    net::testing::RunUntil(*loop_, [&] {
      all += net::testing::ReadAvailable(fd.get());
      return IsWhole(all) || server_->connections() == 0;
    });
    return all + net::testing::ReadAvailable(fd.get());
  }

  Counting::Plan plan_;
  std::shared_ptr<Streaming> handler_ = std::make_shared<Streaming>(*loop_, plan_);
};

TEST_F(StreamedAnswerTest, AllRowsArriveInTheirFormat) {
  const std::string lines = Get();
  EXPECT_TRUE(lines.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(lines.contains("Content-Type: application/x-ndjson\r\n"));
  EXPECT_EQ(Unchunked(Body(lines)), Lines(300));
  EXPECT_EQ(plan_.ended, 1);

  plan_ = {.pieces = 0};
  handler_->format = Format::kCsv;
  const std::string csv = Get();
  EXPECT_TRUE(csv.contains("Content-Type: text/csv; charset=utf-8\r\n"));
  EXPECT_EQ(Unchunked(Body(csv)), "id,text\r\n");
  handler_->format = Format::kLines;
  plan_ = {.pieces = 0};
  EXPECT_EQ(Unchunked(Body(Get())), "");
}

TEST_F(StreamedAnswerTest, GoesNoFasterThanTheClientReads) {
  plan_.pieces = 2000;
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), "GET /rows HTTP/1.1\r\nHost: h\r\n\r\n");
  net::testing::RunTurns(*loop_, 300);
  // Several megabytes fit into the kernel's buffers.
  EXPECT_LT(plan_.given, 300);
  EXPECT_EQ(plan_.ended, 0);
}

TEST_F(StreamedAnswerTest, WhatFailsOnTheWayHasNoEnd) {
  for (const char* const headers : {"", "Accept-Encoding: gzip\r\n"}) {
    SCOPED_TRACE(headers);
    plan_ = {.pieces = 3, .fails = true};
    const std::string got = Get(headers);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(Unchunked(Body(got)).ends_with("…"));
    EXPECT_EQ(server_->connections(), 0u);
    EXPECT_EQ(plan_.ended, 1);
  }
}

TEST_F(StreamedAnswerTest, WhatFailsAtOnceHasAStatus) {
  plan_ = {.pieces = 0, .fails = true};
  EXPECT_TRUE(Get().starts_with("HTTP/1.1 503 "));
}

TEST_F(StreamedAnswerTest, IsCompressedOnTheWay) {
  const std::string got = Get("Accept-Encoding: br, gzip\r\n");
  EXPECT_TRUE(got.contains("Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(got.contains("Vary: Accept, Accept-Encoding\r\n"));
  const std::string packed = Unchunked(Body(got));
  EXPECT_LT(packed.size(), 30'000u);
  EXPECT_EQ(Gunzipped(packed), Lines(300));
}

// A body that is there, from a handler.
class Whole final : public http::Handler {
 public:
  explicit Whole(net::Loop& loop) : loop_(loop) {}
  Task<http::Response> Handle(const http::Request& request) override {
    http::Response response = http::Response::Json(200, body);
    response.headers.emplace_back("ETag", "\"abc\"");
    co_return Compress(std::move(response), request, loop_);
  }
  std::string body;

 private:
  net::Loop& loop_;
};

class CompressTest : public http::ServerBench {
 protected:
  CompressTest() { router_->Add(http::Method::kGet, "/whole", handler_); }

  // The headers, and the body as it was.
  std::pair<std::string, std::string> Get(std::string_view accept_encoding) {
    const net::Fd fd = Connect();
    net::testing::WriteAll(fd.get(), "GET /whole HTTP/1.1\r\nHost: h\r\nAccept-Encoding: " +
                                         std::string(accept_encoding) + "\r\n\r\n");
    std::string all;
    net::testing::RunUntil(*loop_, [&] {
      all += net::testing::ReadAvailable(fd.get());
      return IsWhole(all);
    });
    const std::string head = all.substr(0, all.find("\r\n\r\n") + 2);
    std::string body = Body(all);
    if (head.contains("Transfer-Encoding: chunked")) body = Unchunked(body);
    if (head.contains("Content-Encoding: gzip")) body = Gunzipped(body);
    return {head, body};
  }

  std::shared_ptr<Whole> handler_ = std::make_shared<Whole>(*loop_);
};

TEST_F(CompressTest, WhoTakesGzipGetsIt) {
  struct Case {
    const char* accept;
    std::size_t bytes;
    bool gzip;
    bool varies = true;
  };
  const Case cases[] = {
      {"gzip", 2'000, true},           {"gzip", 1'023, false, false}, {"gzip", 1'024, true},
      {"gzip", 40'000, true},          {"gzip", 5'000'000, true},     {"*", 2'000, true},
      {"identity", 2'000, false},      {"gzip;q=0", 2'000, false},    {"gzip;q=0, *", 2'000, false},
      {"br;q=1, *;q=0", 2'000, false}, {"GZIP;q=0.1", 2'000, true},   {"gzipped", 2'000, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.accept) + " " + std::to_string(c.bytes));
    handler_->body.clear();
    for (std::size_t i = 0; handler_->body.size() < c.bytes; ++i) handler_->body += std::to_string(i * 7919);
    handler_->body.resize(c.bytes);
    const auto [head, body] = Get(c.accept);
    EXPECT_EQ(body, handler_->body);
    EXPECT_EQ(head.contains("Content-Encoding: gzip\r\n"), c.gzip);
    EXPECT_EQ(head.contains("ETag: W/\"abc\"\r\n"), c.gzip) << "the bytes are others";
    EXPECT_EQ(head.contains("ETag: \"abc\"\r\n"), !c.gzip);
    EXPECT_EQ(head.contains("Vary: Accept-Encoding\r\n"), c.varies);
  }
}

TEST_F(CompressTest, ALongBodyLeavesTheTurn) {
  for (std::int64_t i = 0; handler_->body.size() < 20'000'000; i += 7919) handler_->body += std::to_string(i);
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), "GET /whole HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
  int turns = 0;
  std::string all;
  net::testing::RunUntil(*loop_, [&] {
    ++turns;
    all += net::testing::ReadAvailable(fd.get());
    return all.ends_with("0\r\n\r\n");
  });
  EXPECT_GT(turns, 20);
}

}  // namespace
}  // namespace tidemill::queries
