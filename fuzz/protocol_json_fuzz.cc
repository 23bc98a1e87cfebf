// links: protocol
// A JSON frame never crashes the reader; replies and pushes made of what it held are JSON on one line.
#include <cstdint>

#include "base/assert.h"
#include "base/json.h"
#include "realtime/protocol/codec.h"

namespace {

using namespace tidemill::protocol;
using tidemill::IsJson;
using tidemill::IsJsonObject;

void CheckFrame(std::string_view frame) {
  TM_ASSERT(!frame.contains('\n') && !frame.contains('\r'));
  TM_ASSERT(IsJsonObject(frame));
}

void Encode(const PublishRequest& request) {
  // A payload that came in a JSON frame is JSON.
  TM_ASSERT(request.data.empty() || IsJson(request.data));
  const Publication publication{
      .data = request.data,
      .info = ClientInfo{.user = request.key, .client = request.channel, .conn_info = request.data},
      .offset = 1,
      .tags = {{request.key, request.channel}},
      .epoch = request.key};
  std::string out;
  AppendPublicationPush(Encoding::kJson, request.channel, publication, out);
  CheckFrame(out);

  const auto shared = std::make_shared<const Publication>(publication);
  std::string reply;
  AppendReply(Encoding::kJson, {1, HistoryResult{.publications = {shared, shared}, .epoch = request.key}},
              reply);
  CheckFrame(reply);
}

void Encode(const ConnectRequest& request) {
  TM_ASSERT(request.data.empty() || IsJson(request.data));
  ConnectResult result{.client = request.name, .version = request.version, .data = request.data};
  for (const auto& [channel, sub] : request.subs) {
    result.subs.emplace_back(channel,
                             SubscribeResult{.epoch = sub.epoch, .offset = sub.offset, .data = sub.data});
  }
  std::string out;
  AppendReply(Encoding::kJson, {1, std::move(result)}, out);
  CheckFrame(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  CommandReader reader(Encoding::kJson, frame);
  std::size_t commands = 0;
  for (;;) {
    const auto command = reader.Next();
    if (!command || !*command) break;
    TM_ASSERT(++commands <= size);
    if (const auto* publish = std::get_if<PublishRequest>(&(*command)->request)) Encode(*publish);
    if (const auto* connect = std::get_if<ConnectRequest>(&(*command)->request)) Encode(*connect);
  }
  if (const auto connect = ReadConnectRequest(frame)) Encode(*connect);
  (void)ReadEmulationRequest(Encoding::kJson, frame);
  return 0;
}
