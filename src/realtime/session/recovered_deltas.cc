#include "realtime/session/recovered_deltas.h"

#include <string_view>
#include <unordered_map>

#include "base/json.h"

namespace tidemill::session {
namespace {

bool MayBeOf(const protocol::Publication& publication, protocol::Encoding encoding) {
  if (publication.removed || publication.data.empty()) return false;
  return encoding == protocol::Encoding::kProtobuf || publication.data_is_json || IsJson(publication.data);
}

}  // namespace

void MakeDeltas(protocol::SubscribeResult& result, protocol::Encoding encoding,
                delta::FossilEncoder& fossil) {
  if (result.publications.size() < 2) return;
  result.deltas.resize(result.publications.size());
  std::unordered_map<std::string_view, const protocol::Publication*> bases;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < result.publications.size(); ++i) {
    const protocol::Publication& publication = *result.publications[i];
    bytes += 2 * publication.data.size();
    if (bytes > kRecoveredDeltaBytesMax) return;
    const protocol::Publication*& base = bases[publication.key];
    const bool usable = MayBeOf(publication, encoding);
    if (usable && base) result.deltas[i] = fossil.Encode(base->data, publication.data);
    base = usable ? &publication : nullptr;
  }
}

}  // namespace tidemill::session
