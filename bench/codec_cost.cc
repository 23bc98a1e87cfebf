// What the codec costs per message, and a frame in a channel's log, on one core.
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/json.h"
#include "realtime/hub/encoder.h"
#include "realtime/hub/framing.h"
#include "realtime/protocol/codec.h"

namespace {

std::size_t allocations = 0;

using namespace tidemill::protocol;

// The best of many short runs, so that neighbours on the machine count less.
template <class Run>
void Measure(const char* name, std::size_t bytes, Run run) {
  constexpr int kAttempts = 200;
  constexpr int kRounds = 5'000;
  double best = 1e300;
  const std::size_t allocations_before = allocations;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kRounds);
  }
  const double allocated = static_cast<double>(allocations - allocations_before) / (kAttempts * kRounds);
  std::printf("%-38s %5zu bytes %7.1f ns/op %5.2f allocations/op\n", name, bytes, best, allocated);
}

struct NullHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, NullHandler> {
  bool Default() { return true; }
};

// One publication to one form, by the data's size: what the hub does per event and loop.
void MeasureLog(Encoding encoding, std::size_t data_bytes) {
  namespace hub = tidemill::hub;
  Publication publication{.data = R"({"text":")" + std::string(data_bytes - 11, 'x') + "\"}",
                          .offset = 123456,
                          .data_is_json = true};
  const hub::Form form{.encoding = encoding};
  hub::SegmentPool pool;
  hub::FrameLog log(pool);
  const auto end_turn = [&log] {
    log.BeginFlush();
    log.EndFlush();
  };
  std::string message;
  const bool json = encoding == Encoding::kJson;
  const std::string name = json ? " json" : " protobuf";
  Measure(("encode, then copy to the log" + name).c_str(), data_bytes, [&] {
    message.clear();
    AppendPublicationPush(encoding, "chat:room-42", publication, message);
    log.Append(message.size() + hub::kFrameOverheadMax,
               [&](std::string& out) { hub::AppendFrame(form, message, out); });
    end_turn();
  });
  hub::Encoder encoder(128);
  Measure(("encode into the log" + name).c_str(), data_bytes, [&] {
    encoder.Begin("chat:room-42", publication);
    encoder.AppendTo(log, form);
    end_turn();
  });
  if (!json) return;
  publication.data_is_json = false;
  Measure("the same, not known to be JSON", data_bytes, [&] {
    encoder.Begin("chat:room-42", publication);
    encoder.AppendTo(log, form);
    end_turn();
  });
}

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main() {
  const std::string payload =
      R"({"text":"The tide comes in twice a day, and so does the mail. )" + std::string(140, 'x') +
      R"(","author":"anna","sent":1700000000123,"tags":["a","b"],"nested":{"ok":true}})";
  const std::string json = R"({"id":7,"publish":{"channel":"chat:room-42","data":)" + payload + "}}";
  const auto short_bytes = [](std::size_t n) {  // a varint of two bytes
    return std::string{static_cast<char>(n | 0x80), static_cast<char>(n >> 7)};
  };
  const std::string publish =
      "\x0a\x0c"
      "chat:room-42"
      "\x12" +
      short_bytes(payload.size()) + payload;
  const std::string command = "\x08\x07\x3a" + short_bytes(publish.size()) + publish;
  const std::string protobuf = short_bytes(command.size()) + command;

  Measure("CommandReader json publish", json.size(), [&] {
    CommandReader reader(Encoding::kJson, json);
    if (!reader.Next()) std::abort();
  });
  Measure("CommandReader protobuf publish", protobuf.size(), [&] {
    CommandReader reader(Encoding::kProtobuf, protobuf);
    if (!reader.Next()) std::abort();
  });
  Measure("JsonReader check only", json.size(), [&] {
    if (!tidemill::JsonReader(json).Finish()) std::abort();
  });
  Measure("RapidJSON check only", json.size(), [&] {
    rapidjson::MemoryStream stream(json.data(), json.size());
    rapidjson::Reader reader;
    NullHandler handler;
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                                rapidjson::kParseNumbersAsStringsFlag;
    if (reader.Parse<kFlags>(stream, handler).IsError()) std::abort();
  });

  const Publication publication{
      .data = payload,
      .info = ClientInfo{.user = "42", .client = "d9534349-81cf-44a5-b36b-73a76d7fc17d"},
      .offset = 123456};
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    std::string out;
    AppendPublicationPush(encoding, "chat:room-42", publication, out);
    const std::size_t size = out.size();
    Measure(encoding == Encoding::kJson ? "AppendPublicationPush json" : "AppendPublicationPush protobuf",
            size, [&] {
              out.clear();
              AppendPublicationPush(encoding, "chat:room-42", publication, out);
            });
  }
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    for (const std::size_t bytes : {136u, 1024u, 16384u}) MeasureLog(encoding, bytes);
  }
}
