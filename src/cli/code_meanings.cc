#include "cli/code_meanings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "realtime/protocol/codes.h"

namespace tidemill::cli {
namespace {

constexpr CodeMeaning kMeanings[] = {
    {100,
     "The server could not do it now: Redis or the key server did not answer, or the connection was ending.",
     "SDKs try again by themselves. If it stays: the server's log, `/ready`, `tidemill doctor`."},
    {101, "Reserved by the protocol; this server does not send it.", ""},
    {102, "The channel's namespace is not configured.",
     "Add it under `[[channel.namespaces]]`, or check the spelling before the `:`."},
    {103, "The user may not do this in this channel.",
     "Give the namespace the `allow_…` option, or the client a subscription token."},
    {104, "There is no such method.",
     "Check the method's name; `/api/openapi.json` lists those of the HTTP API."},
    {105, "This connection is subscribed to the channel already.", "Use the subscription that exists."},
    {106,
     "A limit is reached: channels of the connection, history memory, queues to Redis, running requests.",
     "The log and `/metrics` say which; raise its setting or ask for less."},
    {107, "A field is missing or malformed, or the channel's name is not allowed.",
     "Check the request against docs and the namespace's `channel_regex` and `publication_data_format`."},
    {108, "The channel has no such feature: history, presence or recovery is off.",
     "Switch it on in the namespace (`history_size` with `history_ttl`, `presence`)."},
    {109, "The token has expired.", "SDKs ask for a new one by `getToken`; give the client one."},
    {110, "The connection or subscription would end at once: its `expire_at` is past.",
     "Check the clocks of issuer and server, and `client.token.leeway`."},
    {111, "The client or everybody asks faster than allowed.", "SDKs try again later; spread the requests."},
    {112, "The position asked for is not in the history any more.",
     "Load the state anew; a longer history_size and history_ttl keep more."},
    {113, "The history changed while it was read in pages.", "Read it again from the start."},
    {2000, "The backend has unsubscribed this client.", "Nothing; the client stays unsubscribed."},
    {2500, "Publications were lost on the way; the client subscribes again and recovers.",
     "Nothing; if often, look at Redis and at `tidemill_session_unsubscribed_total`."},
    {2501, "The subscription's token expired and was not refreshed in time.",
     "Give the subscription a `getToken` that works."},
    {2502, "What the subscription stands on has changed.", "Nothing; the client subscribes again."},
    {3000, "The connection was closed without a reason of its own.", "Nothing; SDKs connect again."},
    {3001, "This node is shutting down.", "Nothing; SDKs connect again, to another node."},
    {3004, "Reserved by the protocol for a server's own failure.", "SDKs connect again; look in the log."},
    {3005, "The connection's token expired and was not refreshed in time.", "Give the client a `getToken`."},
    {3006, "A subscription's token expired and the client had to be told by a new connection.",
     "Give the subscription a `getToken`."},
    {3008, "The client reads more slowly than it is sent to.",
     "Send less to it, or raise `client.queue_max_size`; SDKs connect again and recover."},
    {3009, "The connection could not be written to.", "Nothing; SDKs connect again."},
    {3010, "Publications of a server-side subscription were lost; the client connects again and recovers.",
     "Nothing; if often, look at Redis."},
    {3011, "The backend asked the client to connect again.", "Nothing."},
    {3012, "The client did not answer a ping in time.", "SDKs connect again; see `client.pong_timeout`."},
    {3013, "The client sent more commands at once than may wait.", "Wait for answers before sending more."},
    {3014, "What the connection stands on has changed.", "Nothing; SDKs connect again."},
    {3500, "The token is wrong: its signature, algorithm, claims or user. Or it has been revoked.",
     "`tidemill token check TOKEN` says why; `session.refused` in the log, whether it has been revoked."},
    {3501, "The client sent something that the protocol does not allow.",
     "Update the SDK; an own client: the log at level debug names it."},
    {3502, "The connection did not send connect in time.",
     "Connect at once; see `client.stale_close_delay`."},
    {3503, "The backend has disconnected this client.", "Nothing; the client stays away."},
    {3504, "The user has too many connections, or a newer one replaced this one.",
     "See `client.user_connection_limit` and `single_connection`."},
    {3505, "The connection asks for more server-side subscriptions than one may have.",
     "See `client.channel_limit`."},
    {3506, "The data cannot be told in the client's format: bytes that are no JSON, to a JSON client.",
     "Use a Protobuf client, or publish JSON; `publication_data_format = \"json\"` refuses the rest."},
    {3507, "An anonymous user may not connect; or the user is blocked.",
     "Give the client a token, or see `client.allow_anonymous_connect_without_token`; `unblock_user`."},
    {3508, "The client asks for something that is not there.",
     "Use a feature that docs/compatibility.md lists."},
    {3509, "Reserved by the protocol; this server does not send it.", ""},
};

std::string_view MeaningOf(std::uint32_t code, std::string_view CodeMeaning::* member) {
  const auto* const found = std::ranges::find(kMeanings, code, &CodeMeaning::code);
  TM_ASSERT(found != std::end(kMeanings));
  return found->*member;
}

void AppendRow(std::uint32_t code, std::string_view text, std::string_view afterwards, std::string& out) {
  out += fmt::format("| {} | {} | {} | {} | {} |\n", code, text, afterwards,
                     MeaningOf(code, &CodeMeaning::meaning), MeaningOf(code, &CodeMeaning::next));
}

constexpr std::string_view kHead = "|---|---|---|---|---|\n";

}  // namespace

std::span<const CodeMeaning> AllCodeMeanings() { return kMeanings; }

std::string CodesAsMarkdown() {
  std::string out =
      "# Error and disconnect codes\n\n"
      "Generated by `tidemill codes --markdown`; do not edit. `tidemill codes 3500` explains one at the "
      "terminal.\n\n"
      "## Errors\n\n"
      "In the answer to a command of a client or of the HTTP API.\n\n"
      "| Code | Text | Try again? | What it means | What to do |\n";
  out += kHead;
  for (const protocol::ErrorCode& each : protocol::AllErrorCodes()) {
    AppendRow(each.code, each.message, each.temporary ? "yes" : "no", out);
  }
  out +=
      "\n## Unsubscribes\n\n"
      "Why the server ended one subscription. From 2500 on SDKs subscribe again by themselves.\n\n"
      "| Code | Reason | Subscribes again? | What it means | What to do |\n";
  out += kHead;
  for (const protocol::UnsubscribeCode& each : protocol::AllUnsubscribeCodes()) {
    AppendRow(each.code, each.reason, each.code >= 2500 ? "yes" : "no", out);
  }
  out +=
      "\n## Disconnects\n\n"
      "Why the server ended a connection: the WebSocket close code and its reason. From 3500 to 3999, and "
      "from "
      "4500 to 4999, SDKs stay away; otherwise they connect again. Codes from 4000 on are the backend's own, "
      "of "
      "an API `disconnect`.\n\n"
      "| Code | Reason | Connects again? | What it means | What to do |\n";
  out += kHead;
  for (const protocol::DisconnectCode& each : protocol::AllDisconnectCodes()) {
    AppendRow(each.code, each.reason, each.code < 3500 ? "yes" : "no", out);
  }
  return out;
}

}  // namespace tidemill::cli
