// Presence as a session encodes it, in one go: for tests.
#pragma once

#include <vector>

#include "realtime/protocol/codec.h"

namespace tidemill::protocol {

inline PresenceResult PresenceOf(Encoding encoding, const std::vector<ClientInfo>& clients) {
  PresenceEncoder encoder(encoding);
  for (const ClientInfo& client : clients) encoder.Append(client);
  return encoder.Finish();
}

}  // namespace tidemill::protocol
