// links: postgres
// What a server might say in logical replication: no crash, no read past the end, and nothing is made that
// the bytes do not hold.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "postgres/protocol/pgoutput.h"

namespace {

using namespace tidemill::postgres;

void CheckTuple(const pgoutput::Tuple& tuple, std::size_t bytes) {
  TM_ASSERT(tuple.size() <= bytes);
  std::size_t sum = 0;
  for (const pgoutput::TupleField& field : tuple) sum += field.value.size();
  TM_ASSERT(sum <= bytes);
}

void CheckMessage(std::string_view payload) {
  const auto message = pgoutput::Parse(payload);
  if (!message) return;
  if (const auto* const insert = std::get_if<pgoutput::Insert>(&*message)) {
    CheckTuple(insert->row, payload.size());
  } else if (const auto* const update = std::get_if<pgoutput::Update>(&*message)) {
    CheckTuple(update->row, payload.size());
    if (update->before) CheckTuple(*update->before, payload.size());
  } else if (const auto* const relation = std::get_if<pgoutput::Relation>(&*message)) {
    TM_ASSERT(relation->columns.size() * 10 <= payload.size());
  } else if (const auto* const truncate = std::get_if<pgoutput::Truncate>(&*message)) {
    TM_ASSERT(truncate->relations.size() * 4 <= payload.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);  // so that a read past the end is seen
  const std::string_view bytes(exact.data(), exact.size());
  CheckMessage(bytes);
  if (const auto frame = ParseReplicationFrame(bytes)) {
    if (const auto* const log = std::get_if<XLogData>(&*frame)) CheckMessage(log->payload);
  }
  return 0;
}
