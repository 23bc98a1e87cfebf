// links: postgres
// What a PostgreSQL server might send: no crash, the same messages however the bytes are cut into pieces, and
// no message's parser reads past its end.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "postgres/protocol/backend.h"
#include "postgres/protocol/message_reader.h"

namespace {

using namespace tidemill;
using namespace tidemill::postgres;

constexpr std::uint32_t kRowBytesMax = 300;

struct Seen {
  char type;
  std::string body;
  std::uint32_t skipped_bytes;
  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Outcome {
  std::vector<Seen> messages;
  bool refused = false;
};

Outcome Read(std::string_view bytes, std::size_t piece, Phase phase) {
  Outcome outcome;
  MessageReader reader(phase, kRowBytesMax);
  while (!bytes.empty()) {
    const std::string copy(bytes.substr(0, piece));
    bytes.remove_prefix(copy.size());
    reader.Feed(copy);
    for (;;) {
      auto message = reader.Next();
      if (!message) {
        outcome.refused = true;
        return outcome;
      }
      if (!*message) break;
      outcome.messages.push_back(
          {(*message)->type, std::string((*message)->body), (*message)->skipped_bytes});
    }
  }
  return outcome;
}

void Parse(const Seen& seen) {
  const std::vector<char> exact(seen.body.begin(), seen.body.end());  // so that a read past the end is seen
  const std::string_view body(exact.data(), exact.size());
  (void)ParseServerMessage(body);
  (void)ParseParameterDescription(body);
  (void)ParseCommandComplete(body);
  (void)ParseReadyForQuery(body);
  (void)ParseNotification(body);
  (void)ParseParameterStatus(body);
  (void)ParseCopyResponse(body);
  if (auto columns = ParseRowDescription(body)) TM_ASSERT(columns->size() <= body.size() / 19);
  Slots slots;
  const std::vector<sql::Kind> kinds(body.size() < 2 ? 0 : static_cast<unsigned char>(body[1]));
  if (ParseDataRow(body, kinds, slots)) {
    const sql::Row row(body.data(), slots);
    TM_ASSERT(row.bytes() <= body.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Phase phase = (data[0] & 1) != 0 ? Phase::kLogin : Phase::kQuery;
  const Outcome whole = Read(bytes, bytes.size() + 1, phase);
  const Outcome pieces = Read(bytes, 1 + data[0] / 2, phase);
  TM_ASSERT(whole.refused == pieces.refused);
  TM_ASSERT(whole.messages == pieces.messages);
  for (const Seen& seen : whole.messages) Parse(seen);
  return 0;
}
