// links: proxies
// Any text as the answer of a service behind a proxy: no crash; what is accepted can be told to clients: JSON
// payloads are one JSON value on one line, codes and reasons are in their bounds, and every refusal is one
// line.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/json.h"
#include "realtime/control/actions.h"
#include "realtime/proxies/reply.h"
#include "realtime/proxies/transforms.h"

namespace {

using namespace tidemill;
using namespace tidemill::proxies;

void CheckJson(std::string_view text) {
  TM_ASSERT(IsJson(text));
  TM_ASSERT(text.find_first_of("\r\n") == std::string_view::npos);
}

void CheckRefusing(const Refusing& refusing) {
  if (const auto* const error = std::get_if<ErrorText>(&refusing)) {
    TM_ASSERT(error->code != 0);
    return;
  }
  const auto& disconnect = std::get<DisconnectText>(refusing);
  TM_ASSERT(control::IsDisconnectCode(disconnect.code));
  TM_ASSERT(disconnect.reason.size() <= control::kDisconnectReasonBytesMax);
}

template <class Reply>
const Reply* Check(const Result<Reply>& reply) {
  if (!reply) {
    TM_ASSERT(!reply.error().detail.empty());
    TM_ASSERT(reply.error().detail.find_first_of("\r\n") == std::string::npos);
    return nullptr;
  }
  if (reply->refusing) CheckRefusing(*reply->refusing);
  return &*reply;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto connect = ReadReply<session::ConnectTerms>(text);
  const auto publish = ReadReply<session::PublishTerms>(text);
  Check(connect);
  Check(ReadReply<session::SubscribeTerms>(text));
  Check(ReadReply<session::KeyTerms>(text));
  Check(ReadReply<RpcTerms>(text));
  Check(ReadReply<session::RefreshTerms>(text));
  if (const auto* const reply = Check(publish); reply && reply->result && reply->result->data) {
    if (reply->result->form == broker::DataForm::kJson) CheckJson(*reply->result->data);
  }
  if (connect && connect->result && !connect->result->meta.empty()) CheckJson(connect->result->meta);
  if (const auto transforms = ReadTransforms(text)) {
    for (const StatusTransform& transform : *transforms) CheckRefusing(transform.to);
  }
  (void)ReadStaticHeaders(text);
  return 0;
}
