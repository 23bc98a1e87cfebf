#include "realtime/session/decision.h"

#include "realtime/session/context.h"

namespace tidemill::session {

std::optional<protocol::DisconnectCode> EndsConnection(const access::Entry& entry, const Client& client) {
  RefusalLog& refusals = client.context.refusals;
  if (entry.kind == access::Kind::kUser) {
    if (entry.subject != client.user) return std::nullopt;
    refusals.Note(client, protocol::kDisconnectPermissionDenied,
                  {.reason = RefusalReason::kBlocked, .why = "the user has been blocked"});
    return protocol::kDisconnectPermissionDenied;
  }
  if (!client.has_token() || !access::Revokes(entry, client.user, client.token(), "")) return std::nullopt;
  refusals.Note(client, protocol::kDisconnectInvalidToken,
                {.reason = RefusalReason::kRevoked, .why = "the token has been revoked"});
  return protocol::kDisconnectInvalidToken;
}

}  // namespace tidemill::session
