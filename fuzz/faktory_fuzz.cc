// links: faktory
// What a client might send: no crash; the same commands and errors however the bytes are cut, and every
// answer is one line.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "jobs/faktory/bulk_reader.h"
#include "jobs/faktory/glob.h"
#include "jobs/faktory/handshake.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/faktory/parse_command.h"
#include "jobs/faktory/reply.h"

namespace {

using namespace tidemill;
using namespace tidemill::faktory;

constexpr std::size_t kLineMax = 4096;
constexpr std::size_t kJobMax = 2048;
constexpr WallTime kNow{1'764'000'000'000};

std::vector<Result<Command>> Read(std::string_view bytes, std::size_t piece) {
  std::vector<Result<Command>> commands;
  LineReader reader(kLineMax);
  while (!bytes.empty()) {
    const std::string part(bytes.substr(0, piece));
    bytes.remove_prefix(part.size());
    reader.Feed(part);
    for (;;) {
      const auto line = reader.Next();
      if (!line) {
        commands.push_back(std::unexpected(line.error()));
        return commands;
      }
      if (!*line) break;
      TM_ASSERT((*line)->size() <= kLineMax);
      commands.push_back(ParseCommand(**line, kNow, kJobMax));
    }
  }
  return commands;
}

void CheckError(std::string_view detail) {
  std::string answer;
  AppendError(detail, answer);
  TM_ASSERT(answer.find('\r') == answer.size() - 2 && answer.find('\n') == answer.size() - 1);
}

void Check(const Command& command) {
  if (const auto* const bulk = std::get_if<PushBulk>(&command)) {
    BulkReader reader(bulk->jobs, {.now = kNow, .bytes_max = kJobMax});
    while (const auto item = reader.Next()) {
      if (!item->job) CheckError(item->job.error().detail);
    }
    if (const auto finished = reader.Finish(); !finished) CheckError(finished.error().detail);
  }
  if (const auto* const mutate = std::get_if<Mutate>(&command)) {
    (void)Glob(mutate->pattern).Matches(mutate->jobtype);
    TM_ASSERT(Glob("*").Matches(mutate->pattern));
  }
  if (const auto* const ack = std::get_if<Ack>(&command)) {
    TM_ASSERT(ack->result.find_first_of("\r\n") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = Read(bytes, bytes.size() + 1);
  TM_ASSERT(whole == Read(bytes, 1 + data[0]));
  for (const auto& command : whole) {
    if (command) {
      Check(*command);
    } else {
      CheckError(command.error().detail);
    }
  }
  if (const auto hello = ParseHello(bytes.substr(0, bytes.find('\n')))) {
    TM_ASSERT(!IsPassword(*hello, "secret", {.iterations = 2, .salt = "5a"}));
  }
  return 0;
}
